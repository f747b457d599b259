/**
 * Asks the segment who holds an address before it goes up, and judges what is heard meanwhile.
 * Intuition: whoever holds it must answer a request for it; whoever takes it says so; and whoever asks
 * for it without an address of his own is about to take it. RFC 5227 waits seconds, for hosts that have
 * just been plugged in; a server whose interface has long been up needs only a neighbour's answer
 * (below a millisecond) and two repetitions against loss. The time counts from when the tool that asks
 * has its sockets open: silence towards one that has not yet asked says nothing.
 * IPv6 in the same times: a kernel answers a probe at once, to all nodes.
 * Source: R115; RFC 5227 1.1, 2.1.1; RFC 4862 5.4.
 */
import type { AddressUse } from "../../ports/host.ts";
import type { NeighbourPacket } from "./neighbour.ts";
import { type ArpPacket, sameAddress } from "./protocol.ts";

/** For the tool to open its sockets; a few milliseconds, much longer while a machine boots. */
const OPEN_MAX_MS = 3000;
/** RFC 5227 PROBE_NUM. */
const PROBES = 3;
/** Between two probes; the RFC's 1-2 s spare networks of thousands that boot at once. */
const GAP_MS = 70;
/** After the last probe: an answer of a busy station. */
const LISTEN_MS = 200;

export interface ProbeSegment {
  /** Own hardware address, `aa:bb:cc:dd:ee:ff`. */
  readonly hardware: string;
  /** Opens the pipe that asks and listens; null = cannot be had. */
  openProbe(address: string): { whenPassing(call: () => void): void } | null;
  /** Sends one probe; the pipe it went through, null = not sent. */
  probe(address: string): object | null;
  /** The pipe that listens for the address at this moment. */
  listener(address: string): object | null;
  /** The last question for the address is settled. */
  endProbe(address: string): void;
}

interface Question {
  readonly address: string;
  readonly settle: (use: AddressUse) => void;
}

export class Prober {
  readonly #segment: ProbeSegment;
  readonly #onAnswered: (address: string, hardware: string) => void;
  readonly #questions = new Set<Question>();

  /** `onAnswered`: who holds a probed address, empty = not known; told once per question. */
  constructor(segment: ProbeSegment, onAnswered: (address: string, hardware: string) => void) {
    this.#segment = segment;
    this.#onAnswered = onAnswered;
  }

  /**
   * Takes 340 ms from when frames pass, less when somebody answers. `unknown`: the pipe was not there
   * all the time, or frames did not pass within 3 s.
   */
  ask(address: string): Promise<AddressUse> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const settle = (use: AddressUse): void => {
        clearTimeout(timer);
        if (!this.#questions.delete(question)) return;
        const isLast = ![...this.#questions].some((other) => other.address === address);
        if (isLast) this.#segment.endProbe(address);
        resolve(use);
      };
      const question: Question = { address, settle };
      this.#questions.add(question);
      const pipe = this.#segment.openProbe(address);
      if (pipe === null) return settle("unknown");
      // What came while this process was held up is read before the verdict: the pipe's turn is between.
      const judge = (): void => {
        setImmediate(() => settle(this.#segment.listener(address) === pipe ? "free" : "unknown"));
      };
      const sendNext = (sent: number): void => {
        if (this.#segment.probe(address) !== pipe) return settle("unknown");
        const isLast = sent + 1 === PROBES;
        timer = setTimeout(isLast ? judge : () => sendNext(sent + 1), isLast ? LISTEN_MS : GAP_MS);
      };
      timer = setTimeout(() => settle("unknown"), OPEN_MAX_MS);
      pipe.whenPassing(() => {
        if (!this.#questions.has(question)) return;
        clearTimeout(timer);
        sendNext(0);
      });
    });
  }

  /** Every ARP packet goes through here. */
  hear(packet: ArpPacket): void {
    if (packet.senderHardware === this.#segment.hardware) return;
    this.#answer((address) => concerns(packet, address), packet.senderHardware);
  }

  /** Every neighbour message goes through here. */
  hearNeighbour({ form, target, hardware }: NeighbourPacket): void {
    if (form === "question" || hardware === this.#segment.hardware) return;
    this.#answer((address) => sameAddress(address, target), hardware);
  }

  #answer(isMeant: (address: string) => boolean, hardware: string): void {
    for (const question of [...this.#questions]) {
      if (!isMeant(question.address)) continue;
      this.#onAnswered(question.address, hardware);
      question.settle("in-use");
    }
  }

  close(): void {
    for (const question of [...this.#questions]) question.settle("unknown");
  }
}

/** He has it, or he asks for it in the same way as we do. */
function concerns(packet: ArpPacket, address: string): boolean {
  if (packet.senderAddress === address) return true;
  return packet.senderAddress === "0.0.0.0" && packet.targetAddress === address;
}
