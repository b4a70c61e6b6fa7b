import type { EventMessage, LiveEvent } from "#src/platform/events";

/** The states of an organization, as its events report them. Each value is everything that an event depends on. */
export interface States {
  readonly applications: ReadonlyMap<string, ApplicationState>;
  readonly gateways: ReadonlyMap<string, GatewayState>;
  /** The position of the last sealed audit entry. */
  readonly sequence: number;
}

export interface ApplicationState {
  readonly projectId: string;
  readonly state: string;
  readonly reason: string | null;
  readonly sync: string;
  /** When someone last changed it. An event reports a change, and not this value. */
  readonly changedAt: string | null;
}

export interface GatewayState {
  readonly cause: string | null;
  readonly condition: string | null;
}

/** An entry of the audit log, as an event reports it. */
export interface SealedEntry {
  readonly auditId: string;
  readonly action: string;
}

/** The most events of one look. More of them become one `reset`. */
export const mostAtOnce = 200;

/** Derives the events between two looks at an organization. */
export function eventsBetween(before: States, after: States, entries: readonly SealedEntry[]): LiveEvent[] {
  const events: LiveEvent[] = [];
  for (const [applicationId, now] of after.applications) {
    if (isSameApplication(before.applications.get(applicationId), now)) continue;
    const { projectId, state, reason, sync } = now;
    events.push({ kind: "application", applicationId, projectId, state, reason, sync });
  }
  for (const [applicationId, { projectId }] of before.applications) {
    if (after.applications.has(applicationId)) continue;
    events.push({ kind: "application", applicationId, projectId, state: null, reason: null, sync: null });
  }
  for (const [gatewayId, { cause, condition }] of after.gateways) {
    const then = before.gateways.get(gatewayId);
    if (then === undefined || then.cause !== cause || then.condition !== condition) {
      events.push({ kind: "gateway", gatewayId, cause, condition });
    }
  }
  for (const gatewayId of before.gateways.keys()) {
    if (!after.gateways.has(gatewayId)) events.push({ kind: "gateway", gatewayId, cause: null, condition: null });
  }
  for (const { auditId, action } of entries) events.push({ kind: "audit", auditId, action });
  return events.length > mostAtOnce ? [{ kind: "reset" }] : events;
}

function isSameApplication(before: ApplicationState | undefined, now: ApplicationState): boolean {
  return (
    before !== undefined &&
    before.projectId === now.projectId &&
    before.state === now.state &&
    before.reason === now.reason &&
    before.sync === now.sync &&
    before.changedAt === now.changedAt
  );
}

/** The events of one organization since a process looks at it. The oldest are dropped. */
export class EventLog {
  /** Tells the positions of this log from those of other organizations, processes and times. */
  readonly #epoch: string;
  readonly #kept: EventMessage[] = [];
  #last = 0;

  constructor(
    epoch: string,
    private readonly most: number,
  ) {
    this.#epoch = epoch;
  }

  /** The position of the last event. */
  get position(): string {
    return this.#positionOf(this.#last);
  }

  /** @returns the messages of these events */
  add(events: readonly LiveEvent[]): EventMessage[] {
    return events.map((event) => {
      this.#last += 1;
      const message: EventMessage = { kind: "event", position: this.position, event };
      this.#kept.push(message);
      if (this.#kept.length > this.most) this.#kept.shift();
      return message;
    });
  }

  /** Returns the events after a position; null if the log does not have all of them. */
  after(position: string): readonly EventMessage[] | null {
    const [epoch, number = ""] = position.split(".");
    if (epoch !== this.#epoch || !/^\d{1,15}$/.test(number)) return null;
    const missed = this.#last - Number(number);
    if (missed < 0 || missed > this.#kept.length) return null;
    return this.#kept.slice(this.#kept.length - missed);
  }

  #positionOf(number: number): string {
    return `${this.#epoch}.${number}`;
  }
}
