import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { projectRoot } from "#src/main/project-root";
import { childEnvironment } from "#src/main/settings/environment";
import { freePort } from "#tests/support/free-port";
import { residentMegabytes } from "../cpu";
import { type Figure, notMeasured } from "../figure";
import { missing, newInstallation } from "../installation";
import { until } from "../until";

const targetMegabytes = 250;
const settleMs = 8_000;

/** The memory of an idle control plane: the process of `npm start`, with its console built. */
export const memory: Figure = {
  name: "memory",
  async measure() {
    const label = "idle memory of npm start on postgres (resident)";
    const reason = missing("postgres");
    if (reason !== null) return [notMeasured(label, reason)];
    const installation = await newInstallation("postgres");
    const port = await freePort();
    const child = spawn(process.execPath, [join(projectRoot(), "bin", "portcullis.mjs"), "start"], {
      stdio: "ignore",
      env: childEnvironment({ ...installation.environment, PORT: String(port) }),
    });
    const url = `http://127.0.0.1:${port}`;
    const respondsTo = (path: string) =>
      fetch(`${url}${path}`).then(
        (response) => response.text().then(() => response.status === 200),
        () => false,
      );
    try {
      await until("the control plane to be ready", () => respondsTo("/readyz"), { withinMs: 240_000, everyMs: 200 });
      await delay(settleMs);
      const idle = residentMegabytes(child.pid ?? 0);
      const hasPage = await respondsTo("/");
      await delay(settleMs);
      const afterPage = residentMegabytes(child.pid ?? 0);
      if (idle === null || afterPage === null) return [notMeasured(label, "the system does not report it")];
      return [
        {
          label,
          measured: `${Math.round(idle)} MB`,
          target: `<= ${targetMegabytes} MB`,
          ok: idle <= targetMegabytes,
        },
        {
          label: "  after the console's first page",
          measured: hasPage ? `${Math.round(afterPage)} MB` : "the page failed",
          target: "",
          ok: null,
        },
      ];
    } finally {
      const exited = once(child, "exit");
      if (child.exitCode === null && child.kill("SIGTERM")) await exited;
      await installation.remove();
    }
  },
};
