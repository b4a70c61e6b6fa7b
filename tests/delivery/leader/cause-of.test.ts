import { open } from "node:fs/promises";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { causeOf, isOfFolder, textOf, whyOf } from "#src/delivery/leader/cause-of";
import { WrongFolder } from "#src/delivery/protocol/wrong-folder";
import { NotOurs } from "#src/platform/files/own-folder";

const fileError = (code: string, path = "/srv/gateway/gateway.json.0123456789ab.tmp") =>
  Object.assign(new Error(`${code}: open '${path}'`), { code, syscall: "open", path });

test.each([
  ["ENOSPC", "disk_full"],
  ["EDQUOT", "quota_used_up"],
  ["EROFS", "read_only"],
  ["EACCES", "not_permitted"],
  ["EPERM", "not_permitted"],
  ["ENOENT", "folder_gone"],
  ["ENOTDIR", "no_folder"],
  ["EEXIST", "no_folder"],
  ["ELOOP", "link_loop"],
  ["EIO", "disk_broken"],
  ["EXDEV", "disks_differ"],
] as const)("%s of a file is the cause %s, which is the folder's", (code, cause) => {
  expect(causeOf(fileError(code))).toBe(cause);
  expect(isOfFolder(cause)).toBe(true);
});

test("a full disk is recognized when the error comes from an open file, which has no path", async (context) => {
  const full = await open("/dev/full", "w").catch(() => null);
  if (full === null) return context.skip();
  const error = await full.writeFile("x").catch((thrown: unknown) => thrown);
  await full.close();
  expect(error).not.toHaveProperty("path");
  expect(causeOf(error)).toBe("disk_full");
});

test("a missing database is not mistaken for a missing folder", async () => {
  const refused = await new Promise<unknown>((resolve) => connect("/nonexistent/socket").once("error", resolve));
  expect(refused).toMatchObject({ code: "ENOENT" });
  expect(causeOf(refused)).toBe("database_silent");
  expect(isOfFolder("database_silent")).toBe(false);
});

test("an unknown error is not attributed to the folder", () => {
  for (const error of [new TypeError("x"), null, "x", { code: "23505" }]) {
    expect(causeOf(error)).toBe("other");
    expect(isOfFolder(causeOf(error))).toBe(false);
  }
  expect(causeOf(new Error("x"), "cannot_lead")).toBe("cannot_lead");
});

test("the detail names the path and the meaning of the code, is the same for every attempt, and the text names no path", () => {
  const [one, other] = ["0123456789ab", "ba9876543210"].map((random) =>
    whyOf(fileError("EACCES", `/srv/gateway/gateway.json.${random}.tmp`)),
  );
  expect(one).toEqual(other);
  expect(one?.detail).toContain("/srv/gateway/gateway.json, EACCES");
  expect(textOf("not_permitted")).not.toContain("/");
});

test("the detail of a wrong folder is the message of its error", () => {
  expect(whyOf(new WrongFolder("another_folder", "/x is another"))).toEqual({
    cause: "another_folder",
    detail: "/x is another",
  });
  expect(whyOf(new NotOurs("/x belongs to user 7"))).toEqual({ cause: "not_ours", detail: "/x belongs to user 7" });
});
