import { type Break, breaksOf } from "../break";

const folders = ["tests/main/folders.test.ts"];
const unled = ["tests/delivery/unled.db.test.ts"];

/** What must hold where others can write, and what is said where nothing can be written. */
export const surroundingsBreaks: readonly Break[] = [
  ...breaksOf(
    "src/platform/files/folder-rule.ts",
    ["tests/platform/files/folder-rule.test.ts"],
    [
      {
        of: "FOLDER",
        says: "root uses a folder that another user owns",
        find: "if (self.uid === 0) {",
        replace: "if (self.uid === 0 && self.groups.length === 0) {",
      },
      {
        of: "FOLDER",
        says: "a folder of another user is used that everybody may enter",
        find: "if ((folder.mode & 0o007) !== 0) {",
        replace: "if ((folder.mode & 0o002) !== 0) {",
      },
    ],
  ),
  ...breaksOf("src/platform/files/own-folder.ts", folders, [
    {
      of: "FOLDER",
      says: "root follows a link of another user",
      find: "if (self?.uid === 0) await requireLinksOfRoot(path);",
      replace: "",
    },
    {
      of: "FOLDER",
      says: "a folder that the system refuses with ENOENT keeps the start waiting for ever",
      find: "    await makeFolder(dirname(path), mode);\n    await mkdir(path, { mode })",
      replace: "    await mkdir(path, { mode, recursive: true })",
    },
  ]),
  ...breaksOf("src/platform/files/own-file.ts", folders, [
    {
      of: "FOLDER",
      says: "a link in the place of a secret is followed",
      find: "| (constants.O_NOFOLLOW ?? 0)",
      replace: "",
    },
    {
      of: "FOLDER",
      says: "a secret that another user planted is taken",
      find: "if (self !== null && found.uid !== self.uid) {",
      replace: "if (self !== null && found.uid === -1) {",
    },
  ]),
  ...breaksOf("src/main/ipc/control-socket.ts", folders, [
    {
      of: "FOLDER",
      says: "control.pid is written through a link",
      find: "await writeDurably(pidFile, `${process.pid}\\n`, 0o600)",
      replace: 'await (await import("node:fs/promises")).writeFile(pidFile, "0")',
    },
  ]),
  ...breaksOf("src/main/ipc/ask-control-socket.ts", folders, [
    {
      of: "FOLDER",
      says: "a command believes a socket that another user planted",
      find: "  await requireTrustedSocket(dataFolder, socketPath);\n",
      replace: "",
    },
  ]),
  ...breaksOf(
    "src/main/start-server.ts",
    ["tests/main/gateway-problem.test.ts"],
    [
      {
        of: "TM-53",
        says: "a process whose gateway cannot be written is ready",
        find: "    if (!isLedElsewhere) return",
        replace: "    if (isLedElsewhere) return",
      },
    ],
  ),
  ...breaksOf("src/delivery/leader/reconciler.ts", unled, [
    {
      of: "TM-53",
      says: "what keeps a gateway from being led has no cause in the database",
      find: "await recordCauseUnled(database, gatewayId, textOf(cause), clock.now()).catch(() => undefined);",
      replace: "",
    },
    {
      of: "TM-53",
      says: "a gateway that cannot be led writes a line at every try",
      find: "const silent = problems.due(cause, pace.now());",
      replace: "const silent = 0;",
    },
  ]),
  ...breaksOf("src/delivery/leader/delivery-failures.ts", unled, [
    {
      of: "TM-53",
      says: "a delivery that a tenant made fail makes the process unready",
      find: "if (isOfFolder(cause)) this.onFolder(why);",
      replace: "this.onFolder(why);",
    },
  ]),
];
