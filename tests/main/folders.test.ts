import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { canBeOthers, startAsUser, stranger, type User, nobody as unprivileged } from "../support/as-user";
import type { ScriptProcess } from "../support/script-process";
import { act } from "./folder-actions";

const entry = join(import.meta.dirname, "folders-entry.ts");
const root = { uid: 0, gid: 0 };

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "pcf-"));
  chmodSync(parent, 0o755);
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

function givenFolder(name: string, owner: User, mode: number): string {
  const path = join(parent, name);
  mkdirSync(path);
  chmodSync(path, mode);
  chownSync(path, owner.uid, owner.gid);
  chmodSync(path, mode); // a change of the owner removes the set-group-id bit
  return path;
}

const processes = new Map<number, ScriptProcess>();
afterAll(() => {
  for (const script of processes.values()) script.kill("SIGKILL");
});

/** Runs an action as root in this process, or in a process of another user that is started once. */
async function as(user: User, action: string, path: string): Promise<string> {
  if (user.uid === 0) return act(action, path);
  const script = processes.get(user.uid) ?? startAsUser(user, entry);
  processes.set(user.uid, script);
  script.say(`${action} ${path}`);
  const line = await script.nextLine();
  if (line === null) throw new Error(script.errors());
  return JSON.parse(line) as string;
}

const start = (user: User, path: string) => as(user, "start", path);
const owner = (path: string) => lstatSync(path).uid;
const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8);
const isSingleLine = (text: string) => !text.includes("\n");

const linux = process.platform === "linux";

describe.runIf(canBeOthers && linux)("a data folder", () => {
  test("an empty data folder of this user is used and gets the mode 700", async () => {
    const data = givenFolder("data", unprivileged, 0o755);
    expect(await start(unprivileged, data)).toBe("ok");
    expect([mode(data), owner(join(data, "secret")), mode(join(data, "secret"))]).toEqual([
      "700",
      unprivileged.uid,
      "600",
    ]);
  });

  test.each([
    ["a volume with an fsGroup", { uid: 0, gid: unprivileged.gid }, 0o2770, unprivileged],
    ["a folder of group 0, under a random user", { uid: 0, gid: 0 }, 0o770, { uid: 1_000_670_000, gid: 0 }],
  ])(
    "a data folder that the group of this user may write to is used without changes: %s",
    async (_, of, bits, user) => {
      const data = givenFolder("data", of, bits);
      expect(await start(user, data)).toBe("ok");
      expect(await start(user, data)).toBe("ok"); // again, with the existing secret
      expect([mode(data), owner(join(data, "secret")), mode(join(data, "secret"))]).toEqual([
        bits.toString(8),
        user.uid,
        "600",
      ]);
      expect(await as(user, "start-on-postgres", data)).toBe("ok");
    },
  );

  test.each([
    ["is open to others", { uid: 0, gid: unprivileged.gid }, 0o2775, "open to other users (mode 2775)"],
    ["is writable by everyone", { uid: 0, gid: 0 }, 0o777, "not in that group"],
    ["is only readable by the group of this user", { uid: 0, gid: unprivileged.gid }, 0o750, "may not write to it"],
  ])("a data folder of another user that %s is refused in one line with a remedy", async (_, of, bits, why) => {
    const data = givenFolder("data", of, bits);
    for (const action of ["start", "start-on-postgres"]) {
      const message = await as(unprivileged, action, data);
      expect(message).toMatch(/^DataFolderUnusable: /);
      expect(message).toContain(why);
      expect(message).toContain('run "ch');
      expect(isSingleLine(message)).toBe(true);
    }
    expect(existsSync(join(data, "secret"))).toBe(false);
  });

  test("a data folder in a volume that is open to others is created with the right owner and mode", async () => {
    const volume = givenFolder("volume", { uid: 0, gid: unprivileged.gid }, 0o2775);
    const data = join(volume, "portcullis");
    expect(await start(unprivileged, data)).toBe("ok");
    expect([mode(data).slice(-3), owner(data)]).toEqual(["700", unprivileged.uid]);
  });

  test("a process of root refuses a data folder of another user, whatever its mode", async () => {
    for (const [index, bits] of [0o700, 0o770, 0o777].entries()) {
      const data = givenFolder(`data${index}`, unprivileged, bits);
      const message = await start(root, data);
      expect(message).toContain(`${data} belongs to user ${unprivileged.uid}, and this process runs as root`);
      expect(isSingleLine(message)).toBe(true);
      expect(existsSync(join(data, "secret"))).toBe(false);
    }
  });

  test("a data folder that is a link is followed, and by root only if the link belongs to root", async () => {
    const data = givenFolder("data", unprivileged, 0o700);
    const link = join(parent, "link");
    symlinkSync(data, link);
    expect(await start(unprivileged, link)).toBe("ok");
    expect(await start(root, link)).toContain("belongs to user");
    const ownData = givenFolder("own", root, 0o700);
    const ownLink = join(parent, "own-link");
    symlinkSync(ownData, ownLink);
    expect(await start(root, join(ownLink, "inner"))).toBe("ok");
  });

  test("a process of root refuses a link of another user anywhere in the path of the data folder", async () => {
    const data = givenFolder("data", root, 0o700);
    const foreignFolder = givenFolder("theirs", unprivileged, 0o755);
    symlinkSync(data, join(foreignFolder, "link"));
    lchownSync(join(foreignFolder, "link"), unprivileged.uid, unprivileged.gid);
    for (const path of [join(foreignFolder, "link"), join(foreignFolder, "link", "inner")]) {
      expect(await start(root, path)).toContain(
        `${join(foreignFolder, "link")} is a symbolic link of user ${unprivileged.uid}`,
      );
    }
    symlinkSync(join(foreignFolder, "link"), join(parent, "indirect"));
    expect(await start(root, join(parent, "indirect"))).toContain("is a symbolic link of user");
    expect(existsSync(join(data, "secret"))).toBe(false);
  });

  test("a data folder that is a dangling link, a circular link or a file is refused in one line", async () => {
    symlinkSync(join(parent, "nothing"), join(parent, "dangling"));
    symlinkSync(join(parent, "circle"), join(parent, "circle"));
    writeFileSync(join(parent, "file"), "");
    for (const name of ["dangling", "circle", "file", "file/below"]) {
      const message = await start(root, join(parent, name));
      expect(message).toMatch(/^DataFolderUnusable: .*cannot be used \(E[A-Z]+: .+\): set PORTCULLIS_DATA/);
      expect(isSingleLine(message)).toBe(true);
    }
  });

  test("a path where the system allows no folder is refused at once in one line", async () => {
    for (const path of ["/proc/portcullis", "/proc/portcullis/below"]) {
      const message = await start(root, path);
      expect(message).toMatch(
        /^DataFolderUnusable: \/proc\/portcullis.* cannot be used \(E[A-Z]+: .+\): set PORTCULLIS_DATA/,
      );
      expect(isSingleLine(message)).toBe(true);
    }
  });
});

describe.runIf(canBeOthers)("a secret in the data folder", () => {
  const secret = "c0b7a1e95d3f48266b1f0d7a935ce8420f1e2d3c4b5a69788796a5b4c3d2e1f0\n";

  test("a secret that another user planted is refused and not replaced", async () => {
    const data = givenFolder("data", { uid: 0, gid: unprivileged.gid }, 0o770);
    writeFileSync(join(data, "secret"), secret, { mode: 0o600 });
    chownSync(join(data, "secret"), stranger.uid, stranger.gid);
    chmodSync(join(data, "secret"), 0o644); // readable, so that only its owner is wrong
    expect(await start(unprivileged, data)).toContain(`belongs to user ${stranger.uid}`);
    const ownFolder = givenFolder("own", root, 0o700);
    writeFileSync(join(ownFolder, "secret"), secret, { mode: 0o600 });
    chownSync(join(ownFolder, "secret"), unprivileged.uid, unprivileged.gid);
    expect(await start(root, ownFolder)).toContain(`${join(ownFolder, "secret")} belongs to user ${unprivileged.uid}`);
    expect(readFileSync(join(ownFolder, "secret"), "utf8")).toBe(secret);
  });

  test("a secret that is a link is refused, wherever it leads", async () => {
    for (const [index, target] of [join(parent, "elsewhere"), "/dev/zero", join(parent, "nothing")].entries()) {
      writeFileSync(join(parent, "elsewhere"), secret, { mode: 0o600 });
      const data = givenFolder(`data${index}`, root, 0o700);
      symlinkSync(target, join(data, "secret"));
      expect(await start(root, data)).toContain(`${join(data, "secret")} is a symbolic link`);
      expect(existsSync(join(parent, "nothing"))).toBe(false);
    }
  });

  test("a secret that is a named pipe is refused without blocking", async () => {
    const data = givenFolder("data", root, 0o700);
    spawnSync("mkfifo", ["-m", "600", join(data, "secret")]);
    expect(await start(root, data)).toContain("is not a regular file");
  });
});

describe.runIf(canBeOthers)("control.pid", () => {
  test("a control.pid that is a link is replaced, and its target remains unchanged", async () => {
    const data = givenFolder("data", { uid: 0, gid: unprivileged.gid }, 0o770);
    const victim = join(parent, "victim");
    writeFileSync(victim, "precious");
    chownSync(victim, unprivileged.uid, unprivileged.gid);
    symlinkSync(victim, join(data, "control.pid"));
    expect(await start(unprivileged, data)).toBe("ok");
    expect(readFileSync(victim, "utf8")).toBe("precious");
  });
});

describe.runIf(canBeOthers)("a command on the host", () => {
  /** Listens at a socket like a server of that user. */
  const listenAt = async (path: string, user: User) => {
    const server = createServer((_, response) => response.end("{}"));
    await new Promise<void>((done) => server.listen(path, done));
    chownSync(path, user.uid, user.gid);
    chmodSync(path, 0o600);
    return () => new Promise((done) => server.close(done));
  };

  test("a command refuses a control socket that another user may have planted", async () => {
    const data = givenFolder("data", root, 0o777);
    const close = await listenAt(join(data, "control.sock"), stranger);
    expect(await as(root, "request", data)).toContain(`control.sock belongs to user ${stranger.uid}`);
    expect(await as(unprivileged, "request", data)).toContain(`control.sock belongs to user ${stranger.uid}`);
    await close();
  });

  test("a command of root uses the server of another user if the folder is closed to others", async () => {
    const data = givenFolder("data", unprivileged, 0o700);
    const close = await listenAt(join(data, "control.sock"), unprivileged);
    expect(await as(root, "request", data)).toBe("ok");
    expect(await as(unprivileged, "request", data)).not.toContain("belongs to");
    await close();
  });
});

describe.runIf(canBeOthers)("a gateway folder", () => {
  test("a gateway folder that the group of this user may write to is used and keeps its mode and group", async () => {
    const folder = givenFolder("gateway", { uid: 0, gid: unprivileged.gid }, 0o2770);
    expect(await as(unprivileged, "gateway", folder)).toBe("ok");
    expect([owner(folder), mode(folder)]).toEqual([0, "2770"]);
    const file = statSync(join(folder, "dynamic", "0-portcullis", "x.yml"));
    expect([file.uid, file.gid]).toEqual([unprivileged.uid, unprivileged.gid]);
  });

  test("a process of root refuses a gateway folder or subfolder of another user", async () => {
    expect(await as(root, "gateway", givenFolder("gateway", unprivileged, 0o777))).toMatch(
      /^NotOurs: .* belongs to user 65534/,
    );
    const ownFolder = givenFolder("own", root, 0o750);
    givenFolder("own/dynamic", unprivileged, 0o777);
    expect(await as(root, "gateway", ownFolder)).toContain(`${join(ownFolder, "dynamic")} belongs to user`);
  });

  test("a traefik.yml that is a link is replaced by a file, and its target remains unchanged", async () => {
    const ownFolder = givenFolder("own", root, 0o750);
    writeFileSync(join(parent, "victim"), "precious", { mode: 0o600 });
    symlinkSync(join(parent, "victim"), join(ownFolder, "traefik.yml"));
    expect(await as(root, "gateway", ownFolder)).toBe("ok");
    expect(readFileSync(join(parent, "victim"), "utf8")).toBe("precious");
    expect(mode(join(parent, "victim"))).toBe("600");
    expect(lstatSync(join(ownFolder, "traefik.yml")).isFile()).toBe(true);
  });
});

describe.runIf(canBeOthers)("a project folder without a build", () => {
  test("a project folder that cannot be written is refused in one line with the command to run", async () => {
    const project = givenFolder("project", root, 0o755);
    for (const prepared of ["nothing", "an unwritable .next", "an unwritable dist"]) {
      if (prepared.endsWith(".next")) mkdirSync(join(project, ".next"), { mode: 0o755 });
      if (prepared.endsWith("dist")) {
        chownSync(join(project, ".next"), unprivileged.uid, unprivileged.gid);
        mkdirSync(join(project, "dist"), { mode: 0o755 });
      }
      const message = await as(unprivileged, "build", project);
      expect(message).toMatch(/^StartFailure: the console is not built for this version.* cannot be written \(EACCES/);
      expect(message).toContain('run "npm run build"');
      expect(isSingleLine(message)).toBe(true);
    }
  });

  test("a build lock in the project folder that another user created is refused", async () => {
    const project = givenFolder("project", root, 0o755);
    mkdirSync(join(project, "dist"));
    givenFolder("project/dist/.building", unprivileged, 0o777);
    const message = await as(root, "build", project);
    expect(message).toContain(`${join(project, "dist", ".building")} belongs to user ${unprivileged.uid}`);
    expect(isSingleLine(message)).toBe(true);
  });
});
