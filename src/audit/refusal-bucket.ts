import { networkOf } from "../platform/net/network-of";

/** How many tries of one kind in one minute are entries of their own; the rest of them becomes one with a count. */
export const triesOnTheirOwn = 5;

/** How many kinds of tries of one actor are told apart in one minute. */
const kindsOfActor = 20;
/** Of everybody whom nobody knows together, they are many, and any of them can make up what they try. */
const kindsOfStrangers = 10;

export interface Try {
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly apiKeyId: string | null;
  readonly ip: string | null;
  readonly action: string;
  readonly reason: string | null;
}

/** Where a refused try is counted: what one actor tries may fill up that actor's own places, and nobody else's. */
export interface RefusalBucket {
  /** What the keys of all tries of this actor start with. */
  readonly actor: string;
  /** What makes two tries the same: actor, network, action, reason. */
  readonly key: string;
  /** Where it is counted when the actor has used up the others. */
  readonly overflow: string;
  readonly most: number;
}

/** Where a refused try is counted in its minute. */
export function bucketOf({ actorKind, actorId, apiKeyId, ip, action, reason }: Try): RefusalBucket {
  const actor = `${actorKind} ${actorId ?? ""} `;
  return {
    actor,
    key: `${actor}${JSON.stringify([apiKeyId, ip === null ? null : networkOf(ip), action, reason])}`,
    overflow: `${actor}${JSON.stringify([reason])}`,
    most: actorId === null ? kindsOfStrangers : kindsOfActor,
  };
}

/** What an entry says that stands for more kinds of tries than are told apart. */
export const manyKinds = "refusals.more";
