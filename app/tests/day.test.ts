// Days have no time zone: they are told as they are stored, wherever the server and the reader are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addDays, longDay, moment, monthName, shortDay, weekdays } from "@/ui/day";

test("a day is told in the reader's language", () => {
  assert.equal(longDay("2026-11-24", "en"), "Tuesday, 24 November 2026");
  assert.equal(longDay("2026-11-24", "es"), "martes, 24 de noviembre de 2026");
  assert.equal(shortDay("2026-11-24", "en"), "24 Nov 2026");
  assert.equal(monthName("2026-11", "es"), "noviembre de 2026");
});

test("a time is told in UTC", () => {
  assert.equal(moment(new Date("2026-11-24T23:30:00-02:00"), "en"), "25 Nov 2026, 01:30 UTC");
});

test("a week begins on Monday", () => {
  assert.equal(weekdays("en")[0], "Mon");
  assert.equal(weekdays("es").at(-1), "dom");
});

test("days are added across months, years and leap days", () => {
  assert.equal(addDays("2024-02-28", 1), "2024-02-29");
  assert.equal(addDays("2026-12-31", 1), "2027-01-01");
  assert.equal(addDays("2026-03-01", -1), "2026-02-28");
  assert.equal(addDays("2026-03-29", 1), "2026-03-30"); // where clocks change
});
