/**
 * What a line brings that is no frame, each piece followed in a test by a good frame that must survive.
 * The frame in them is the first of `exchange.ts`; login banner and modem command are what a forgotten
 * getty or modem manager writes (hardware.md 3).
 */
export const garbage: readonly { readonly what: string; readonly hex: string }[] = [
  { what: "joined in the middle of a frame", hex: "8dbf8d54f6787f390db862081cf68b5833621757d57f" },
  { what: "break: the line at zero for 20 ms", hex: "00".repeat(77) },
  { what: "an open input: ones", hex: "ff".repeat(200) },
  { what: "modem manager asking", hex: "41540d41540d41542b474341500d" },
  {
    what: "getty's banner",
    hex:
      "0d0a44656269616e20474e552f4c696e7578203132206e6f6465312074747953300d0a0d0a6e6f646531206c6f67" +
      "696e3a20",
  },
  {
    what: "a frame that lost one byte",
    hex:
      "000f12c1a57e12011111111111111111010101013301890b4d96c0d77723158b786c073caf01f93d596c9a53f2f8" +
      "8dbf8d54f6787f390db862081cf68b58336217d57fd2c89800",
  },
  {
    what: "a frame with one wrong bit",
    hex:
      "000f12c1a57e12011111111111111111010101013301890b4d96c0d77723158b786c073caf01f93d596c9a53f2f8" +
      "8dbf8d54f6787f390db862081cf68b5833621757d57fd2c89900",
  },
  {
    what: "a frame cut off by the sender's end",
    hex: "000f12c1a57e12011111111111111111010101013301890b4d96c0d77723158b786c073caf01f93d59",
  },
  { what: "the wrong speed: 9600 read at 38400", hex: "00f8e0787e1e1878f8660678fe98f80066e6" },
];
