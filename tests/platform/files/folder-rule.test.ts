import { describe, expect, test } from "vitest";
import { judgeFolder } from "#src/platform/files/folder-rule";

const root = { uid: 0, groups: [0, 2_000] };
const person = { uid: 1_000, groups: [1_000, 2_000] };
/** OpenShift starts a container like this: as a random user of group 0. */
const random = { uid: 1_000_670_000, groups: [0] };

describe("root", () => {
  test("root uses a folder of root", () => {
    expect(judgeFolder({ uid: 0, gid: 0, mode: 0o700 }, root)).toEqual({ kind: "own" });
  });

  test("root refuses a folder of another user, with any mode", () => {
    for (const mode of [0o700, 0o770, 0o777, 0o2770]) {
      const verdict = judgeFolder({ uid: 1_000, gid: 0, mode }, root);
      expect(verdict).toMatchObject({ kind: "refused", why: expect.stringContaining("belongs to user 1000") });
    }
  });
});

describe("a process that is not root", () => {
  test.each([0o700, 0o755, 0o777])("a process that is not root uses a folder that it owns (mode %o)", (mode) => {
    expect(judgeFolder({ uid: 1_000, gid: 1, mode }, person)).toEqual({ kind: "own" });
  });

  test.each([
    ["a volume with an fsGroup", person, { uid: 0, gid: 2_000, mode: 0o2770 }],
    ["a folder of group 0, under a random user", random, { uid: 0, gid: 0, mode: 0o770 }],
    ["a folder of another user of its group", person, { uid: 1_001, gid: 2_000, mode: 0o1770 }],
  ])("a process that is not root uses %s", (_, self, folder) => {
    expect(judgeFolder(folder, self)).toEqual({ kind: "shared" });
  });

  test.each([
    ["with a group that the process is not in", { uid: 0, gid: 3_000, mode: 0o770 }, "not in that group"],
    ["that all users may write to, with another group", { uid: 0, gid: 3_000, mode: 0o777 }, "not in that group"],
    ["that its group may only read", { uid: 0, gid: 2_000, mode: 0o750 }, "may not write"],
    ["that all users may read", { uid: 0, gid: 2_000, mode: 0o2775 }, "open to other users (mode 2775)"],
    ["that all users may enter", { uid: 0, gid: 2_000, mode: 0o771 }, "open to other users"],
  ])("a process that is not root refuses a folder of another user %s", (_, folder, why) => {
    expect(judgeFolder(folder, person)).toMatchObject({ kind: "refused", why: expect.stringContaining(why) });
  });
});
