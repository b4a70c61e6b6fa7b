import { inArray, type SQL } from "drizzle-orm";
import { applications } from "../../../drizzle/applications";
import { routes } from "../../../drizzle/routes";
import type { Permission } from "../../access/permissions";
import type { Work } from "../../access/unit-of-work";
import { releaseUpstreams } from "../claims/claim-functions";

/** How many applications one statement names. */
const page = 1_000;

/**
 * Removes applications and all below them, ends the claims of their upstreams, and asks for the removal of each one's
 * file: one outbox row per application.
 * @param which of the organization's applications
 */
export async function removeApplications<P extends Permission, O>(
  work: Work<P, O>,
  which: SQL | undefined,
): Promise<readonly string[]> {
  const gone = await work.tx
    .select({ applicationId: applications.applicationId, gatewayId: applications.gatewayId })
    .from(applications)
    .where(which)
    .orderBy(applications.applicationId)
    .for("update");
  const keys = new Map<string, Set<string>>();
  for (let at = 0; at < gone.length; at += page) {
    const ids = gone.slice(at, at + page).map((application) => application.applicationId);
    const places = await work.tx
      .select({ gatewayId: routes.gatewayId, keys: routes.upstreamKeys })
      .from(routes)
      .where(inArray(routes.applicationId, ids));
    for (const place of places) {
      const ofGateway = keys.get(place.gatewayId) ?? new Set();
      for (const key of place.keys) ofGateway.add(key);
      keys.set(place.gatewayId, ofGateway);
    }
    await work.tx.delete(applications).where(inArray(applications.applicationId, ids));
  }
  for (const [gatewayId, ofGateway] of keys) await releaseUpstreams(work.tx, gatewayId, [...ofGateway]);
  for (const { applicationId, gatewayId } of gone) work.deliver({ gatewayId, applicationId, closes: true });
  return gone.map((application) => application.applicationId);
}
