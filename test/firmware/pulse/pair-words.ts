/**
 * What the agents of a pair say to each other: two kinds of software, of which one says the methods that it
 * carries out and the other one says nothing of them. Source: services/failover/words.ts; R102.
 */
import { SAID_METHODS } from "../../../services/failover/method-words.ts";
import { encodeWords, type Words } from "../../../services/failover/words.ts";

const WORDS: Words = {
  shutdown: 0,
  marked: false,
  offAfterLeave: false,
  request: null,
  reply: null,
  groups: [],
};

export const SAYS = encodeWords({ ...WORDS, methods: SAID_METHODS });
export const SAYS_NOTHING = encodeWords(WORDS);
