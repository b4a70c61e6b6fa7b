import { describeError } from "../api/describe-error";
import { WrongSetting } from "../env";
import { DataFolderInUse } from "../persistence/control-socket";
import { DataFolderUnusable } from "../persistence/control-socket-path";
import { RolesMissing } from "../persistence/roles";
import { TriggersOff } from "../persistence/session-settings";
import { UnusableDatabase } from "../persistence/unusable-database";
import { AnotherSecret } from "../services/host/ensure-installation";
import { SlugTaken } from "../services/providers/ensure-settings-providers";

/** The start cannot go on. The message is one line (or one line and the SQL to run) that says what to do. */
export class StartFailure extends Error {
  override readonly name = "StartFailure";
}

/** Failures whose message is meant for the person who starts this: the rest are ours, and show where they come from. */
const foreseen = [
  StartFailure,
  WrongSetting,
  DataFolderInUse,
  DataFolderUnusable,
  RolesMissing,
  TriggersOff,
  UnusableDatabase,
  AnotherSecret,
  SlugTaken,
];

/** What to print when a start or a command ends early. Of a failed statement nothing that was bound to it is shown. */
export function inOneLine(error: unknown): string {
  if (error instanceof Error && foreseen.some((kind) => error instanceof kind)) return error.message;
  const { name, message, code, frames } = describeError(error);
  return [`${name}: ${message ?? code ?? "a statement failed"}`, ...frames].join("\n    ");
}
