/**
 * The NBD client against hand-made servers that misbehave, and the rack's export against such
 * clients. Bytes are written by hand from the NBD protocol document.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createNbdArray } from "../../../hal/drivers/array-nbd/driver.ts";
import type { ArbitrationArray } from "../../../hal/ports/array.ts";
import { within } from "../../deadline.ts";
import { ended, failure, HOST, pattern, withCabinet } from "./array-cabinet.ts";

/** A server of hand-written bytes; `answer` sees everything a client sends. */
async function withServer(
  onClient: (socket: Socket) => void,
  body: (array: ArbitrationArray) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    onClient(socket);
  });
  server.listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const array = createNbdArray({ host: HOST, port, exportName: "array", connectTimeoutMs: 200 });
  try {
    await body(array);
  } finally {
    const closed = array.close();
    for (const socket of sockets) socket.destroy();
    await closed;
    server.close();
  }
}

const GREETING = Buffer.from("4e42444d41474943" + "49484156454f5054", "hex");
const fixedNewstyle = Buffer.concat([GREETING, Buffer.from("0003", "hex")]);
const answerToGo = (type: string, data: string): Buffer =>
  Buffer.from(
    `0003e889045565a9${"00000007"}${type}${(data.length / 2).toString(16).padStart(8, "0")}${data}`,
    "hex",
  );
/** Export of 33 blocks with HAS_FLAGS, FLUSH and FUA. */
const INFO_EXPORT = answerToGo("00000003", "0000" + "0000000000021000" + "000d");
const ACK = answerToGo("00000001", "");

interface Misbehaviour {
  readonly what: string;
  readonly bytes: readonly Buffer[];
  readonly reason: RegExp;
}

const MISBEHAVIOURS: readonly Misbehaviour[] = [
  {
    what: "an HTTP server",
    bytes: [Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
    reason: /no NBD server/,
  },
  {
    what: "an oldstyle server",
    bytes: [Buffer.from("4e42444d41474943" + "00420281861253" + "0000000000", "hex")],
    reason: /oldstyle/,
  },
  { what: "a silent server", bytes: [], reason: /no NBD handshake within 200 ms/ },
  { what: "half a greeting", bytes: [fixedNewstyle.subarray(0, 9)], reason: /no NBD handshake/ },
  {
    what: "garbage instead of an answer",
    bytes: [fixedNewstyle, Buffer.alloc(64, 0xa5)],
    reason: /not asked/,
  },
  {
    what: "an answer of 4 GiB",
    bytes: [
      fixedNewstyle,
      Buffer.from("0003e889045565a9" + "00000007" + "00000003" + "ffffffff", "hex"),
    ],
    reason: /an answer of 4294967295 bytes/,
  },
  {
    what: "an unknown export",
    bytes: [fixedNewstyle, answerToGo("80000006", "")],
    reason: /no such export/,
  },
  {
    what: "a server that wants TLS",
    bytes: [fixedNewstyle, answerToGo("80000005", Buffer.from("TLS please").toString("hex"))],
    reason: /refused the export.*TLS please/,
  },
  {
    what: "an export without a size",
    bytes: [fixedNewstyle, ACK],
    reason: /never said the export's size/,
  },
  {
    what: "an endless answer",
    bytes: [fixedNewstyle, Buffer.concat(Array.from({ length: 70 }, () => INFO_EXPORT))],
    reason: /too many answers/,
  },
  {
    what: "an impossible size",
    bytes: [fixedNewstyle, answerToGo("00000003", "0000" + "ffffffffffffffff" + "000d")],
    reason: /impossible export size/,
  },
  {
    what: "a read-only export",
    bytes: [fixedNewstyle, answerToGo("00000003", "0000" + "0000000000021000" + "000f"), ACK],
    reason: /read-only/,
  },
  {
    what: "an export that cannot make a write stable",
    bytes: [fixedNewstyle, answerToGo("00000003", "0000" + "0000000000021000" + "0001"), ACK],
    reason: /neither FUA nor FLUSH/,
  },
  {
    what: "blocks that do not divide ours",
    bytes: [fixedNewstyle, answerToGo("00000003", "0003" + "00002000" + "00002000" + "02000000")],
    reason: /blocks of 8192 bytes do not divide 4096/,
  },
];

for (const { what, bytes, reason } of MISBEHAVIOURS) {
  test(`D5: ${what} is no array: the operation fails with the reason`, async () => {
    const send = (socket: Socket): void => {
      socket.resume();
      for (const piece of bytes) socket.write(piece);
    };
    await withServer(send, async (array) => {
      const error = await failure(array.readBlock(0));
      assert.is(error.code, "ENOTCONN");
      assert.match(error.message, reason);
    });
  });
}

const REPLIES: readonly Misbehaviour[] = [
  { what: "garbage", bytes: [Buffer.alloc(16, 0x5a)], reason: /wrong magic/ },
  {
    what: "a structured reply",
    bytes: [Buffer.from("668e33ef" + "0001" + "0000" + "0000000000000001" + "00000000", "hex")],
    reason: /wrong magic/,
  },
  {
    what: "a reply to another request",
    bytes: [Buffer.from("67446698" + "00000000" + "00000000000000ff", "hex")],
    reason: /was not sent/,
  },
];

for (const { what, bytes, reason } of REPLIES) {
  test(`D5: ${what} where a reply is due ends the connection with the reason`, async () => {
    const serve = (socket: Socket): void => {
      socket.write(Buffer.concat([fixedNewstyle, INFO_EXPORT, ACK]));
      socket.on("data", (data) => {
        if (data.includes(Buffer.from("25609513", "hex"))) socket.write(Buffer.concat([...bytes]));
      });
    };
    await withServer(serve, async (array) => {
      const error = await failure(array.readBlock(0));
      assert.is(error.code, "ECONNRESET");
      assert.match(error.message, reason);
    });
  });
}

test("D5: a server that knows no GO is asked by EXPORT_NAME, padding included, byte by byte", async () => {
  const chunks: Buffer[] = [];
  let answered = 0;
  const serve = (socket: Socket): void => {
    // No NO_ZEROES here: 124 zeros follow size and flags. Each byte is sent on its own.
    const say = (bytes: Buffer): void => {
      for (const byte of bytes) socket.write(Buffer.of(byte));
    };
    say(Buffer.concat([GREETING, Buffer.from("0001", "hex")]));
    socket.on("data", (data) => {
      chunks.push(data);
      const all = Buffer.concat(chunks);
      if (answered === 0 && all.length >= 4 + 16 + 4 + 5 + 4) {
        answered = 1;
        say(answerToGo("80000001", ""));
      } else if (answered === 1 && all.length >= 33 + 16 + 5) {
        answered = 2;
        say(Buffer.from(`0000000000021000${"000d"}${"00".repeat(124)}`, "hex"));
      } else if (answered === 2 && all.length >= 54 + 28) {
        answered = 3;
        const cookie = all.subarray(54 + 8, 54 + 16);
        say(Buffer.concat([Buffer.from("6744669800000000", "hex"), cookie, pattern(3)]));
      }
    });
  };
  await withServer(serve, async (array) => {
    assert.equal(await within("block", array.readBlock(2)), pattern(3));
  });
  const all = Buffer.concat(chunks).toString("hex");
  assert.is(all.slice(0, 8), "00000001", "client flags echo what the server offered");
  assert.is(
    all.slice(66, 66 + 42),
    "49484156454f50540000000100000005" + "6172726179",
    "EXPORT_NAME array",
  );
  assert.is(all.slice(108, 108 + 16), "2560951300000000", "read");
  assert.is(all.slice(108 + 32, 108 + 56), "0000000000002000" + "00001000", "offset and length");
});

test("D5: garbage of any kind does not harm the rack's array", async () => {
  await withCabinet(async ({ array, writes, clients: [one, other] }) => {
    await one.readBlock(0);
    const handshake = Buffer.from("00000003", "hex");
    const attacks = [
      Buffer.alloc(4096, 0xff),
      Buffer.concat([handshake, Buffer.alloc(16, 0x11)]),
      Buffer.concat([handshake, Buffer.from("49484156454f505400000007ffffffff", "hex")]),
      Buffer.concat([handshake, Buffer.from("49484156454f50540000000100000003666f6f", "hex")]),
      // EXPORT_NAME "" and then a request of the wrong magic, an oversized write, an unknown
      // command.
      ...["ffffffff", "256095130000000100000000000000010000000000000000ffffffff"].map((request) =>
        Buffer.concat([
          handshake,
          Buffer.from("49484156454f50540000000100000000", "hex"),
          Buffer.from(request.padEnd(56, "0"), "hex"),
        ]),
      ),
    ];
    for (const attack of attacks) {
      const socket = connect({ host: HOST, port: array.ports[0] ?? 0 });
      socket.on("error", () => socket.destroy());
      socket.resume();
      socket.end(attack);
      await within("end of the attacker's connection", ended(socket));
    }
    assert.equal(await one.readBlock(0), new Uint8Array(4096));
    await other.writeBlock(0, pattern(1));
    assert.is(writes.length, 1);
  });
});

test("D5: a caller who only connects does not take the place of the server", async () => {
  await withCabinet(async ({ array, clients: [one] }) => {
    const sockets = Array.from({ length: 40 }, () =>
      connect({ host: HOST, port: array.ports[0] ?? 0 }),
    );
    for (const socket of sockets) socket.on("error", () => socket.destroy());
    await within("refusal of one caller too many", Promise.race(sockets.map(ended)));
    await one.readBlock(0);
    for (const socket of sockets) socket.destroy();
  });
});

test.run();
