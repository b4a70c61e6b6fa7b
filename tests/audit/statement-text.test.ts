import { expect, it } from "vitest";
import { checkpointText, removalText } from "#src/audit/statement-text";

const statement = { organizationId: "org_1", sequence: 7, hash: "2:ab", at: "2026-01-02T03:04:05.678Z" };
const removal = { ...statement, removed: 5 };
const others = [{ organizationId: "org_2" }, { sequence: 8 }, { hash: "2:cd" }, { at: "2026-01-02T03:04:05.679Z" }];

it("the signed text of a statement depends on its organization, sequence, hash and time (AUD)", () => {
  for (const other of others) {
    expect(checkpointText({ ...statement, ...other }), JSON.stringify(other)).not.toBe(checkpointText(statement));
    expect(removalText({ ...removal, ...other }), JSON.stringify(other)).not.toBe(removalText(removal));
  }
});

it("the signed text of a removal depends on the number of entries and differs from a checkpoint (AUD)", () => {
  expect(removalText({ ...removal, removed: 6 })).not.toBe(removalText(removal));
  expect(removalText(removal)).not.toBe(checkpointText(statement));
});
