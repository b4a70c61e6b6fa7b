import { isAllowed, type VisibleProjects, visibleProjects } from "#src/access/authorization";
import type { Authorized } from "#src/access/authorized";
import type { Reach } from "#src/access/organization";
import { StoredDeliveryCause } from "#src/platform/contract/sync-state";
import { Refusal } from "#src/platform/errors/refusal";
import type { LiveEvent, Subscription } from "#src/platform/events";
import {
  ApplicationEvent,
  AuditEvent,
  GatewayEvent,
  StoredCondition,
  StoredExposureReason,
  StoredExposureState,
} from "./contract";

/** A caller who may read applications at the organization or at one of its projects. */
type Viewer = Authorized<"application:read", Reach>;

/** Where a stream begins, and until when. */
interface Place {
  /** The position of the last event that the caller received; null for a new stream. */
  readonly after: string | null;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal | undefined;
}

/** What a caller may learn of now. */
interface Sight {
  readonly projects: VisibleProjects;
  readonly gateways: boolean;
  readonly audit: boolean;
}

/**
 * Follows the events of the caller's organization: of the applications that the caller may read, of its gateways with
 * `sync:read`, and of its audit log with `audit:read`. The permissions are decided again when something about the caller
 * changes. The caller's own session, membership or key ends the stream when it ends.
 * @throws Refusal `too_many_streams` | `stream_capacity_reached`
 */
export function followEvents(authorized: Viewer, { after, signal }: Place): Promise<Subscription> {
  const { principal, organization, request } = authorized;
  const { presents } = request;
  if (presents.kind === "commandLine" || principal.kind === "commandLine") throw new Refusal("session_required");
  const caller = principal.kind === "apiKey" ? principal.apiKeyId : principal.sessionId;
  let sight = sightOf(authorized);
  return request.runtime.events.follow({
    owner: { organizationId: organization.organizationId, caller },
    presents,
    after,
    signal,
    sees: (event) => isSeen(event, sight),
    async renew() {
      const now = sightOf(await authorized.afresh());
      const isOther = JSON.stringify(now) !== JSON.stringify(sight);
      sight = now;
      return isOther;
    },
  });
}

function sightOf({ principal, organization, object }: Viewer): Sight {
  const projects = visibleProjects(principal, organization, object, "application:read");
  return {
    projects: projects === "all" ? projects : [...projects].sort(),
    gateways: isAllowed(principal, organization, "sync:read"),
    audit: isAllowed(principal, organization, "audit:read"),
  };
}

function isSeen(event: LiveEvent, { projects, gateways, audit }: Sight): boolean {
  if (event.kind === "application") return projects === "all" || projects.includes(event.projectId);
  if (event.kind === "gateway") return gateways;
  return event.kind === "reset" || audit;
}

/** The data of an event, as a stream carries it. */
export function presentEvent(event: LiveEvent): ApplicationEvent | GatewayEvent | AuditEvent | Record<string, never> {
  if (event.kind === "application") {
    const { applicationId, state, reason, sync } = event;
    return ApplicationEvent.parse({
      applicationId,
      state: StoredExposureState.nullable().parse(state),
      reason: StoredExposureReason.nullable().parse(reason),
      sync,
    });
  }
  if (event.kind === "gateway") {
    const { gatewayId, cause, condition } = event;
    return GatewayEvent.parse({
      gatewayId,
      cause: StoredDeliveryCause.nullable().parse(cause),
      condition: StoredCondition.parse(condition),
    });
  }
  if (event.kind === "audit") return AuditEvent.parse({ auditId: event.auditId, action: event.action });
  return {};
}
