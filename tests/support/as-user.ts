import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { dirname } from "node:path";
import { bundled } from "./bundled";
import { type ScriptProcess, startScript } from "./script-process";

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Ids without any rights on a usual machine: `nobody`, and an id without a name. */
export const nobody: User = { uid: 65_534, gid: 65_534 };
export const stranger: User = { uid: 40_404, gid: 40_404 };

/**
 * Checks whether this process is root, which can start processes of other users, and whether they can read the project.
 */
export const canBeOthers =
  process.geteuid?.() === 0 && spawnSync("test", ["-r", import.meta.filename], { ...nobody }).status === 0;

/** Starts a script of the tests as another user, without supplementary groups. */
export function startAsUser(user: User, script: string): ScriptProcess {
  chmodSync(dirname(bundled(script)), 0o755);
  return startScript(script, { user });
}
