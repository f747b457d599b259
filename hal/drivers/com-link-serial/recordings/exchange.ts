/**
 * Two servers that meet, as the bytes of the cable: captured between two serial drivers on
 * pseudo-terminals at 38400 bit/s, one frame every 100 ms.
 * Cluster key 00 01 .. 1f, cluster id c1a57e12, process salts eight times 11 (server 0) and 22
 * (server 1). Server 0 starts and proves itself with its second frame; server 1 owns from the first.
 */
export const exchange: readonly { readonly from: 0 | 1; readonly hex: string }[] = [
  {
    from: 0,
    hex:
      "000f12c1a57e12011111111111111111010101013301890b4d96c0d77723158b786c073caf01f93d596c9a53f2f8" +
      "8dbf8d54f6787f390db862081cf68b5833621757d57fd2c89800",
  },
  {
    from: 1,
    hex:
      "000f12c1a57e121022222222222222220101010125013976b7dd5746146314c3f45021f93463770279022fd1e716" +
      "88da2a9b055a145930958e0edefbecc2ac97d33868024efdb200",
  },
  {
    from: 0,
    hex:
      "000f12c1a57e120111111111111111110101010108029df4b581cce12b0aea59ed4fd27ca91456cca7bda4ea0be6" +
      "c65971e6046e6fcb48a4cf9a37eafa9fbd82987389b15ad8bc00",
  },
  {
    from: 1,
    hex:
      "000f12c1a57e12102222222222222222010101013302cc8fc1c19b23b19b2fc4f0b711a83fbfb4b526cd8b37a3c7" +
      "a2df9447cfd96fe7436412da6101d4d2f28c36df682164938900",
  },
];
