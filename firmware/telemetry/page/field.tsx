/**
 * A labelled field of the forms about people, and the line below them that says what was wrong.
 * Source: WCAG 2.2 1.3.5 (purpose of a field), 3.3.1 (errors in words).
 */
import type { TextKey } from "../../../services/telemetry/picture/page-text.ts";
import { Icon } from "./icon.tsx";
import { useSpeech } from "./preferences.tsx";

interface FieldProps {
  readonly name: string;
  readonly label: TextKey;
  readonly kind: "text" | "password";
  readonly autocomplete: "one-time-code" | "username" | "new-password" | "current-password" | "off";
  readonly hint?: TextKey;
}

export function Field({ name, label, kind, autocomplete, hint }: FieldProps) {
  const { t } = useSpeech();
  const common = {
    ...{ id: `field-${name}`, name, autocomplete, required: true, maxLength: 128 },
    ...{ autocapitalize: "none" as const, spellcheck: false },
  };
  return (
    <div class="field">
      <label for={common.id}>{t(label)}</label>
      {kind === "text" ? <input type="text" {...common} /> : <input type="password" {...common} />}
      {hint === undefined ? null : <small class="quiet">{t(hint)}</small>}
    </div>
  );
}

/** Empty = nothing is wrong; what comes is read out. */
export function Problem({ text }: { readonly text: string }) {
  return (
    <p class="problem" role="alert">
      {text === "" ? null : (
        <>
          <Icon name="alert" />
          {text}
        </>
      )}
    </p>
  );
}
