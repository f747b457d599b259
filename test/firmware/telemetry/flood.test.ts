/** 10,000 bad commands against the telemetry process with the embedded broker. */
import { test } from "uvu";
import { tellFlood } from "./stories.ts";

tellFlood(test, "embedded");

test.run();
