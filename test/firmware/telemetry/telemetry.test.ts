/** The telemetry process with the virtual appliance's embedded broker. */
import { test } from "uvu";
import { tellStories } from "./stories.ts";

tellStories(test, "embedded");

test.run();
