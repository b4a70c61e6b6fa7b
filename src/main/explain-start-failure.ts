import { RolesMissing } from "../database/database-roles";
import { SettingsNotTaken, TriggersOff } from "../database/session-settings";
import { UnusableDatabase } from "../database/unusable-database";
import { SlugTaken } from "../features/providers/ensure";
import { describeError } from "../http/describe-error";
import { StartFailure } from "../platform/start-failure";
import { AnotherSecret } from "./host/ensure-installation";
import { DataFolderInUse } from "./ipc/control-socket";
import { DataFolderUnusable } from "./ipc/control-socket-path";
import { WrongSetting } from "./settings/environment";

/** Failures with a message for the operator. All other errors are defects, and are shown with their stack frames. */
const foreseen = [
  StartFailure,
  WrongSetting,
  DataFolderInUse,
  DataFolderUnusable,
  RolesMissing,
  TriggersOff,
  UnusableDatabase,
  SettingsNotTaken,
  AnotherSecret,
  SlugTaken,
];

/** Returns the text to print if a start or a command fails. For a failed statement it omits all bound parameters. */
export function inOneLine(error: unknown): string {
  if (error instanceof Error && foreseen.some((kind) => error instanceof kind)) return error.message;
  const { name, message, code, frames } = describeError(error);
  return [`${name}: ${message ?? code ?? "a statement failed"}`, ...frames].join("\n    ");
}
