/**
 * The rack of the virtual appliance: pull and plug cables, switch servers off and on, freeze them, and see
 * what the cluster makes of it. Every button shows the `kage rack` line that does the same.
 * Source: work order 3 item 7 (rack panel); hal/rack/verbs.ts.
 */
import { useCallback, useEffect, useState } from "preact/hooks";
import type { TextKey } from "../../../services/telemetry/picture/page-text.ts";
import {
  type RackCable,
  type RackPanel,
  type RackRequest,
  type RackServer,
  rackLine,
  readRack,
  wiresOf,
} from "../../../services/telemetry/picture/rack.ts";
import { getRack, postRack } from "./api.ts";
import { CopyLine } from "./copy-line.tsx";
import { Icon } from "./icon.tsx";
import { useSpeech } from "./preferences.tsx";

/** Others pull cables too: a second console, `kage rack`. */
const ASK_MS = 1000;

type Send = (request: RackRequest) => void;

export function RackPanelCard({ server }: { readonly server: string }) {
  const { t, lang } = useSpeech();
  const [panel, setPanel] = useState<RackPanel | null>(null);
  const [silence, setSilence] = useState<"none" | "rack" | "server">("none");
  const [refused, setRefused] = useState("");
  const [last, setLast] = useState<RackRequest | null>(null);

  const refresh = useCallback(async (): Promise<void> => {
    const answer = await getRack();
    const read = answer.kind === "ok" ? readRack(answer.value) : null;
    if (answer.kind === "unreachable") setSilence("server");
    else setSilence(read === null ? "rack" : "none");
    if (read !== null) setPanel(read);
  }, []);
  useEffect(() => {
    void refresh();
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void refresh();
    }, ASK_MS);
    return () => clearInterval(timer);
  }, [refresh]);

  async function send(request: RackRequest): Promise<void> {
    setLast(request);
    setRefused("");
    const answer = await postRack(request);
    if (answer.kind === "refused") {
      setRefused(t("rackRefused", { reason: answer.text?.[lang] ?? `${answer.status}` }));
    }
    await refresh();
  }

  const order: Send = (request) => void send(request);
  return (
    <section class="panel rack" aria-labelledby="rack-title">
      <header class="panel-head">
        <h2 id="rack-title">{t("rack")}</h2>
        {silence === "none" ? (
          <p class="quiet small">{t("rackLead")}</p>
        ) : (
          <p class="rack-silent small" role="status">
            <Icon name="alert" />
            {silence === "rack" ? t("rackSilent") : t("rackBehind", { server })}
          </p>
        )}
      </header>
      {panel === null ? null : (
        // A switch that reaches nothing must not look as if it did.
        <fieldset class="rack-body" disabled={silence !== "none"} aria-labelledby="rack-title">
          <Cables cables={panel.cables} onSend={order} />
          <Switches servers={panel.servers} onSend={order} />
        </fieldset>
      )}
      <p class="problem" role="alert">
        {refused}
      </p>
      {last === null ? null : <CopyLine line={rackLine(last)} />}
    </section>
  );
}

function Cables({
  cables,
  onSend,
}: {
  readonly cables: readonly RackCable[];
  readonly onSend: Send;
}) {
  const { t } = useSpeech();
  const all = cables.map(({ path }) => path);
  const isAnyCut = cables.some(({ cut }) => cut > 0);
  return (
    <div class="rack-part">
      <h3 class="eyebrow">{t("cables")}</h3>
      <ul>
        {cables.map(({ path, cut, of }) => {
          const state: TextKey = cut === 0 ? "plugged" : cut === of ? "pulled" : "partly";
          const verb = cut === 0 ? "cut" : "restore";
          return (
            <li key={path} class={`rack-row tone-${cut === 0 ? "calm" : "bad"}`}>
              <strong>{path}</strong>
              <span class="state">
                <Icon name={cut === 0 ? "plug" : "cross"} />
                {t(state)}
              </span>
              <button
                type="button"
                class="small"
                aria-label={t(cut === 0 ? "pullName" : "plugName", { name: path })}
                onClick={() => onSend({ verb, paths: [path] })}
              >
                {t(cut === 0 ? "pull" : "plug")}
              </button>
            </li>
          );
        })}
      </ul>
      <p class="rack-all">
        <button type="button" onClick={() => onSend({ verb: "cut", paths: wiresOf(cables) })}>
          {t("pullAll")}
        </button>
        <button
          type="button"
          disabled={!isAnyCut}
          onClick={() => onSend({ verb: "restore", paths: all })}
        >
          {t("plugAll")}
        </button>
      </p>
    </div>
  );
}

function Switches({
  servers,
  onSend,
}: {
  readonly servers: readonly RackServer[];
  readonly onSend: Send;
}) {
  const { t } = useSpeech();
  return (
    <div class="rack-part">
      <h3 class="eyebrow">{t("power")}</h3>
      <ul>
        {servers.map(({ name, isOn, isFrozen }) => {
          const state: TextKey = isFrozen ? "frozen" : isOn ? "on" : "off";
          const power: TextKey = isOn ? "powerOff" : "powerOn";
          const freeze: TextKey = isFrozen ? "thaw" : "freeze";
          return (
            <li key={name} class={`rack-row tone-${!isOn ? "bad" : isFrozen ? "warn" : "calm"}`}>
              <strong>{name}</strong>
              <span class="state">
                <Icon name={isFrozen ? "snow" : "power"} />
                {t(state)}
              </span>
              <span class="rack-buttons">
                <button
                  type="button"
                  class="small"
                  disabled={!isOn}
                  aria-label={t("verbName", { verb: t(freeze), name })}
                  onClick={() => onSend({ verb: isFrozen ? "thaw" : "freeze", server: name })}
                >
                  {t(freeze)}
                </button>
                <button
                  type="button"
                  class="small"
                  aria-label={t("verbName", { verb: t(power), name })}
                  onClick={() => onSend({ verb: "power", server: name, on: !isOn })}
                >
                  {t(power)}
                </button>
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
