/**
 * What the helper commands of scripts say by themselves, in both languages: usage, and what to do when
 * the agent cannot be asked. Refusals of the agent come with their own words.
 * Source: work order 7 (texts say what was expected and what to do); guide 2.2.4.
 */
import type { HelperCommand } from "../../hal/drivers/script-runner/helper-commands.ts";
import type { Lang } from "../cli/language.ts";

export interface ArmTexts {
  readonly usage: string;
  readonly doWord: string;
  readonly noGroup: string;
  readonly notLoaded: string;
  readonly forbidden: string;
  readonly unknown: string;
  readonly expected: (expected: string, found: string) => string;
  readonly unreachable: (detail: string) => string;
  readonly help: Readonly<Record<HelperCommand, string>>;
}

export const ARM_TEXTS: Readonly<Record<Lang, ArmTexts>> = {
  en: {
    usage: "usage",
    doWord: "do",
    noGroup:
      "expected to be called from a script of a group (ARMS_GROUPNAME and KAGE_RUN_DIR are set there)",
    notLoaded: "nothing of this identity is loaded; nothing to do",
    forbidden: "this user may not talk to the agent; run the script as the agent's user",
    unknown: "the agent did not answer; the outcome is unknown, see: kage events",
    expected: (expected, found) => `expected ${expected}, found ${found}`,
    unreachable: (detail) => `the agent of this server does not answer (${detail}); is it running?`,
    help: {
      armload:
        "Starts a program and watches it until armkill or the end of the group. /R: restarts after an " +
        "abnormal end; /H: hours after which a restart is forgotten; /FOV: then the group fails over; " +
        "/M: no restart, the group fails over; /S: a service of the system. Without /FOV and /M: an alert.",
      armkill: "Ends what armload started, and its watching.",
      armlog: "Writes a line into the event log; /ARM raises it as an alert.",
      armfover: "Fails the group over to the next server of its policy. Returns at once.",
      armdown: "Shuts down this server, or the one named; its groups move away.",
      armrsp:
        "Watches the group's addresses, with /A also the public LAN; ends with 1 when one is lost. " +
        "Run it under armload.",
    },
  },
  ja: {
    usage: "使い方",
    doWord: "対処",
    noGroup:
      "グループのスクリプトから呼び出してください (ARMS_GROUPNAME と KAGE_RUN_DIR が設定されます)",
    notLoaded: "この監視 ID のプログラムはありません。処理は不要です",
    forbidden:
      "このユーザはエージェントに接続できません。エージェントと同じユーザで実行してください",
    unknown: "エージェントが応答しません。結果は不明です。kage events で確認してください",
    expected: (expected, found) => `期待する指定: ${expected}、実際の指定: ${found}`,
    unreachable: (detail) =>
      `本サーバのエージェントが応答しません (${detail})。動作しているか確認してください`,
    help: {
      armload:
        "プログラムを起動し、armkill またはグループの終了まで監視します。/R: 異常終了時の再起動回数、" +
        "/H: 再起動回数を忘れる時間、/FOV: その後グループをフェイルオーバ、/M: 再起動せずフェイルオーバ、" +
        "/S: システムのサービス。/FOV も /M もなければアラートのみ。",
      armkill: "armload で起動したものを終了し、監視を解除します。",
      armlog: "イベントログに 1 行書き込みます。/ARM でアラートになります。",
      armfover: "グループをポリシーの次のサーバへフェイルオーバします。すぐに戻ります。",
      armdown: "本サーバまたは指定したサーバをシャットダウンします。グループは移動します。",
      armrsp:
        "グループのアドレスを (/A では公開 LAN も) 監視し、失われると 1 で終了します。armload で起動します。",
    },
  },
};
