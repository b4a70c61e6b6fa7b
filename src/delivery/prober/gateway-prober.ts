import type { Prober } from "../protocol/prober";
import type { ProberContext } from "./prober-context";
import { RevisionPoller } from "./revision-poller";
import { RouteProber } from "./route-prober";

/** Checks which delivery one gateway serves, and whether the gateway enforces it. */
export function gatewayProber(context: ProberContext): Prober {
  const routes = new RouteProber(context, () => revisions.loaded);
  const revisions = new RevisionPoller(context, async (wentBack) => {
    if (wentBack) await routes.recall();
    routes.wake();
  });
  return {
    marked: (delivery, at) => revisions.expect(delivery, at),
    recorded(revision, applications) {
      for (const { closes, ...task } of applications) routes.add(task, closes ? "closes" : "changed");
      revisions.recorded(revision);
    },
    failed() {
      revisions.forgetUnrecorded();
      return routes.recall();
    },
    recall: () => routes.recall(),
    prioritize: (applicationId) => routes.prioritize(applicationId),
    probe(task) {
      routes.add(task, task.wasProven ? "again" : "waited");
      routes.wake();
    },
    async run() {
      await Promise.all([revisions.run(), routes.run()]);
    },
  };
}
