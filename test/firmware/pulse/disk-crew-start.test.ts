/**
 * How three and more servers with the shared-disk method begin: without some of them, after a force-return, after
 * a power cycle. Virtual time and times as in disk-crew.test.ts. Source: protocol.md 1.7, 1.8; R74, R75, L3.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Crew, crewConfig, formed } from "./crew.ts";
import { safe, takes } from "./crew-checks.ts";

test("R74, R75: a start without some comes after the wait, and only where the best starter is", () => {
  const crew = new Crew(crewConfig(3), ["start", "start", "start"]);
  crew.off(1);
  crew.part([0], [2]);
  const tookMs = takes(crew, 0, [0]);
  assert.ok(tookMs > 2000 && tookMs < 2700, `${tookMs} ms`);
  crew.run(5000);
  assert.is(crew.shows(2), "starting");
  assert.ok(crew.at(2).notes.includes("start.refused-alone"));
  safe(crew);
});

test("R74: whoever starts beside a living server that it does not hear waits", () => {
  const crew = formed(3, 2);
  crew.off(0);
  crew.off(1);
  assert.ok(takes(crew, 2, [2]) > 0);
  crew.part([0, 1], [2]);
  crew.boot(0, "start");
  crew.boot(1, "start");
  crew.run(8000);
  assert.equal(crew.all(), ["starting", "starting", "member 2"]);
  safe(crew);
});

test("1.8: a force-returned view waits until the slots have proved that nobody else lives", () => {
  const crew = formed(3, 2);
  crew.off(1);
  crew.off(0);
  assert.ok(takes(crew, 2, [2]) > 0);
  crew.part([0, 1], [2]);
  crew.boot(0, "detached");
  crew.run(500);
  crew.say(0, { kind: "found", floor: 0 });
  crew.run(6000);
  assert.equal(crew.members(0), [0]);
  assert.not(crew.holds(0), "server 2 lives and writes");
  crew.at(0).peersOff = [2];
  crew.run(2000);
  assert.not(crew.holds(0), "a word counts against no slot that is written");
  crew.at(0).peersOff = [];
  crew.off(2);
  crew.run(6000);
  assert.not(crew.holds(0), "server 2 needs neither LAN nor disk, so its silence says nothing");
  crew.at(0).peersOff = [1];
  crew.run(2000);
  assert.not(crew.holds(0), "the word was about another one");
  crew.at(0).peersOff = [2];
  assert.ok(crew.until(() => crew.holds(0), 4000) > 0);
  safe(crew);
});

test("L3: a server that was switched off and on is out by its new boot, and comes back", () => {
  const crew = formed(3, 2);
  crew.off(2);
  crew.run(100);
  crew.boot(2, "start");
  const tookMs = crew.until(() => crew.members(0).length === 2, 3000);
  assert.ok(tookMs >= 0 && tookMs < 500, `${tookMs} ms`);
  assert.ok(crew.until(() => crew.members(2).length === 3, 3000) >= 0, crew.all().join(", "));
  safe(crew);
});

test.run();
