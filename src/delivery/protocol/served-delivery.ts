import { REVISION_HEADER } from "#src/traefik/compiler/names";
import type { DeliveryNumber } from "./bundle";

/** Parses the marker's header, `<epoch>.<revision>.<digest>`; null if it has another form. */
export function servedDelivery(header: string | null): DeliveryNumber | null {
  const [, epoch, revision, digest] = /^([\w-]{1,64})\.(\d{1,15})\.([\w-]{1,64})$/.exec(header ?? "") ?? [];
  if (epoch === undefined || revision === undefined || digest === undefined) return null;
  return { epoch, revision: Number(revision), digest };
}

/** Reads the delivery that a marker file names; null if the file is missing or names none. */
export function servedByMarker(text: string | null): DeliveryNumber | null {
  if (text === null) return null;
  const header = new RegExp(`"${REVISION_HEADER}"\\s*:\\s*"([^"]*)"`).exec(text)?.[1];
  return servedDelivery(header ?? null);
}
