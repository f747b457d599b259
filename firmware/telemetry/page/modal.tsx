/**
 * The frame of the dialogs about people: native `<dialog>`, so that Escape closes it, the page behind it
 * rests, and the focus comes back to where it was. Source: WAI-ARIA APG, dialog (modal).
 */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { IconName } from "../../../services/telemetry/picture/icons.ts";
import { Icon } from "./icon.tsx";
import { useSpeech } from "./preferences.tsx";

interface ModalProps {
  readonly icon: IconName;
  readonly eyebrow: string;
  readonly title: string;
  readonly isWide?: boolean;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function Modal({ icon, eyebrow, title, isWide = false, onClose, children }: ModalProps) {
  const { t } = useSpeech();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class={isWide ? "is-wide" : ""}
      aria-labelledby="modal-title"
      onClose={onClose}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <Icon name={icon} size={20} />
          <div>
            <p class="eyebrow">{eyebrow}</p>
            <h2 id="modal-title">{title}</h2>
          </div>
          <button type="button" class="ghost dialog-close" onClick={() => dialog.current?.close()}>
            <Icon name="cross" />
            {t("close")}
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
