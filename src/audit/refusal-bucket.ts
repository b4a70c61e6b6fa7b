import { networkOf } from "../platform/net/network-of";

/** How many attempts of one kind in one minute are entries of their own. The rest becomes one entry with a count. */
export const attemptsWithOwnEntry = 5;

/** How many kinds of attempts of one actor are counted separately in one minute. */
const kindsOfActor = 20;
/** The same for all unknown actors together. They are many, and each can invent new kinds of attempts. */
const kindsOfStrangers = 10;

export interface RefusedAttempt {
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly apiKeyId: string | null;
  readonly ip: string | null;
  readonly action: string;
  readonly reason: string | null;
}

/** Where a refused attempt is counted. An actor's attempts can only use up the actor's own buckets. */
export interface RefusalBucket {
  /** The prefix of the keys of all attempts of this actor. */
  readonly actor: string;
  /** What makes two attempts equal: actor, network, action, reason. */
  readonly key: string;
  /** The bucket that counts the attempt when the actor has used up the others. */
  readonly overflow: string;
  readonly most: number;
}

/** Returns the bucket that counts a refused attempt in its minute. */
export function bucketOf({ actorKind, actorId, apiKeyId, ip, action, reason }: RefusedAttempt): RefusalBucket {
  const actor = `${actorKind} ${actorId ?? ""} `;
  return {
    actor,
    key: `${actor}${JSON.stringify([apiKeyId, ip === null ? null : networkOf(ip), action, reason])}`,
    overflow: `${actor}${JSON.stringify([reason])}`,
    most: actorId === null ? kindsOfStrangers : kindsOfActor,
  };
}

/** The action of an entry that covers more kinds of attempts than are counted separately. */
export const manyKinds = "refusals.more";
