/**
 * Picks the driver for the arbitration partition named in the configuration.
 * Source: services/configuration/model.ts (`disk.paths`).
 */
import { isAbsolute } from "node:path";
import { createDirectArray } from "../../hal/drivers/array-direct/driver.ts";
import { createNbdArray, parseNbdUrl } from "../../hal/drivers/array-nbd/driver.ts";
import { type ArbitrationArray, ArrayError } from "../../hal/ports/array.ts";

/**
 * `nbd://host:port/export`, or the absolute path of a block device or file. Opens lazily; throws
 * ArrayError EINVAL for anything else. `allowBuffered`: tests only, see DirectArrayOptions.
 */
export function openArbitrationArray(arrayUrl: string, allowBuffered = false): ArbitrationArray {
  if (arrayUrl.startsWith("nbd:")) {
    const url = parseNbdUrl(arrayUrl);
    if (url.kind === "bad") throw new ArrayError("EINVAL", `arbitration partition: ${url.reason}`);
    return createNbdArray(url.options);
  }
  if (isAbsolute(arrayUrl)) return createDirectArray({ path: arrayUrl, allowBuffered });
  throw new ArrayError(
    "EINVAL",
    `arbitration partition: expected nbd://host:port/export or an absolute path, got ${JSON.stringify(arrayUrl)}`,
  );
}
