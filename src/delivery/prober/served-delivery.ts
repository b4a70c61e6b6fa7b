/** What the marker's header says: `<epoch>.<revision>.<digest>`. */
export interface ServedDelivery {
  readonly epoch: string;
  readonly revision: number;
  readonly digest: string;
}

export function servedDelivery(header: string | null): ServedDelivery | null {
  const [, epoch, revision, digest] = /^([\w-]{1,64})\.(\d{1,15})\.([\w-]{1,64})$/.exec(header ?? "") ?? [];
  if (epoch === undefined || revision === undefined || digest === undefined) return null;
  return { epoch, revision: Number(revision), digest };
}
