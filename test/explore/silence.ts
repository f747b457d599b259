/**
 * What a server that has given up still knows of another: nothing. It executes its will and is off in the next
 * round, whatever it has heard, so that many situations of it are one.
 * Source: protocol.md 1.3.7; issue 4 item 7.
 */
import type { PeerHealth } from "../../services/heartbeat/peer.ts";

/** The same server, never heard. */
export const silenced = (peer: PeerHealth): PeerHealth => ({
  ...peer,
  beat: null,
  comBeat: null,
  acked: null,
  heardOwnStampMs: null,
  lanHeardAtMs: null,
  lanTwoWayStampMs: null,
  comHeardAtMs: null,
  comStampMs: null,
  comTwoWayStampMs: null,
});
