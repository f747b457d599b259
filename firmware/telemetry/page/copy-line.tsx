/**
 * A `kage` line that can be copied: the page teaches the terminal, and the terminal still works when the
 * page does not. Source: ecosystem.md 3.2 point 5 (shows the CLI line).
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";
import { useSpeech } from "./preferences.tsx";

const COPIED_MS = 2000;

export function CopyLine({ line }: { readonly line: string }) {
  const { t } = useSpeech();
  const [copied, setCopied] = useState(false);
  const code = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <div class="copy-line">
      <span class="eyebrow">{t("sameLine")}</span>
      <code ref={code}>{line}</code>
      <button
        type="button"
        class="small"
        onClick={() => void copyText(line, code.current).then(setCopied)}
      >
        <Icon name={copied ? "check" : "copy"} size={14} />
        <span aria-live="polite">{t(copied ? "copied" : "copy")}</span>
      </button>
    </div>
  );
}

/** Without TLS there is no clipboard interface; then the line is selected, ready for Ctrl-C. */
async function copyText(line: string, shown: HTMLElement | null): Promise<boolean> {
  if (navigator.clipboard !== undefined) {
    try {
      await navigator.clipboard.writeText(line);
      return true;
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  }
  if (shown !== null) getSelection()?.selectAllChildren(shown);
  return document.execCommand("copy");
}
