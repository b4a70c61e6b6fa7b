import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { projectRoot } from "../../src/main/project-root";
import { childEnvironment } from "../../src/main/settings/environment";
import { freePort } from "../../tests/support/free-port";
import { residentMegabytes } from "../cpu";
import { type Figure, notHere } from "../figure";
import { missing, newPlace } from "../place";
import { until } from "../until";

const askedMegabytes = 250;
const settleMs = 8_000;

/** What a control plane that nobody asks anything keeps in memory: the process of `npm start`, its console built. */
export const memory: Figure = {
  name: "memory",
  async measure() {
    const what = "idle memory of npm start on postgres (resident)";
    const why = missing("postgres");
    if (why !== null) return [notHere(what, why)];
    const place = await newPlace("postgres");
    const port = await freePort();
    const child = spawn(process.execPath, [join(projectRoot(), "bin", "portcullis.mjs"), "start"], {
      stdio: "ignore",
      env: childEnvironment({ ...place.environment, PORT: String(port) }),
    });
    const url = `http://127.0.0.1:${port}`;
    const answers = (path: string) =>
      fetch(`${url}${path}`).then(
        (response) => response.text().then(() => response.status === 200),
        () => false,
      );
    try {
      await until("the control plane is ready", () => answers("/readyz"), { withinMs: 240_000, everyMs: 200 });
      await delay(settleMs);
      const idle = residentMegabytes(child.pid ?? 0);
      const hasPage = await answers("/");
      await delay(settleMs);
      const afterPage = residentMegabytes(child.pid ?? 0);
      if (idle === null || afterPage === null) return [notHere(what, "the system does not say")];
      return [
        {
          what,
          measured: `${Math.round(idle)} MB`,
          asked: `<= ${askedMegabytes} MB`,
          ok: idle <= askedMegabytes,
        },
        {
          what: "  after the console's first page",
          measured: hasPage ? `${Math.round(afterPage)} MB` : "no page was answered",
          asked: "",
          ok: null,
        },
      ];
    } finally {
      const gone = once(child, "exit");
      if (child.exitCode === null && child.kill("SIGTERM")) await gone;
      await place.remove();
    }
  },
};
