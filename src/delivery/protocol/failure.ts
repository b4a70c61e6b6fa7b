import { z } from "zod";
import { wrongFolderReasons } from "#src/platform/contract/sync-state";
import { NotOurs } from "#src/platform/files/own-folder";
import { BundleRefused, bundleRefusals } from "./bundle-refused";
import { WrongFolder } from "./wrong-folder";

/** Why a call failed, as a message. It has only the facts that the other side needs to distinguish causes. */
export const Failure = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("wrong_folder"), why: z.enum(wrongFolderReasons), message: z.string() }),
  z.object({ kind: z.literal("not_ours"), message: z.string() }),
  z.object({ kind: z.literal("refused"), why: z.enum(bundleRefusals) }),
  z.object({
    kind: z.literal("file"),
    code: z.string(),
    syscall: z.string(),
    path: z.string().nullable(),
    message: z.string(),
  }),
  z.object({ kind: z.literal("other") }),
]);
export type Failure = z.output<typeof Failure>;

/** The other side could not perform the call. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
}

export function failureOf(error: unknown): Failure {
  if (error instanceof WrongFolder) return { kind: "wrong_folder", why: error.why, message: error.message };
  if (error instanceof NotOurs) return { kind: "not_ours", message: error.message };
  if (error instanceof BundleRefused) return { kind: "refused", why: error.why };
  const file = FileError.safeParse(error);
  if (!file.success || !(error instanceof Error)) return { kind: "other" };
  const { code, syscall, path = null } = file.data;
  return { kind: "file", code, syscall, path, message: error.message };
}

/** An error of the file system. An error of a socket has an address instead. */
const FileError = z.object({
  code: z.string(),
  syscall: z.string().refine((syscall) => syscall !== "connect"),
  path: z.string().optional(),
  address: z.undefined().optional(),
});

/** The error that a message stands for. The leader can classify it as if it had happened in its own process. */
export function errorOf(failure: Failure): Error {
  switch (failure.kind) {
    case "wrong_folder":
      return new WrongFolder(failure.why, failure.message);
    case "not_ours":
      return new NotOurs(failure.message);
    case "refused":
      return new BundleRefused(failure.why);
    case "file": {
      const { code, syscall, path, message } = failure;
      return Object.assign(new CallFailed(message), { code, syscall, ...(path === null ? {} : { path }) });
    }
    case "other":
      return new CallFailed("the call failed on the other side; its log has the reason");
  }
}
