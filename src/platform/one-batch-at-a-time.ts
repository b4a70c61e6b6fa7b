interface Batching<Destination, Item, Batch> {
  begin(): Batch;
  add(batch: Batch, item: Item): void;
  send(destination: Destination, batch: Batch): Promise<void>;
}

interface Lane<Batch> {
  running: Promise<void>;
  waiting: { readonly batch: Batch; readonly sent: Promise<void> } | null;
}

/**
 * Sends items of the same key in batches, one batch at a time: items that arrive during a batch form the next one. The
 * result resolves when the item is sent, and rejects if its batch fails.
 */
export function oneBatchAtATime<Destination extends object, Item, Batch>(
  batching: Batching<Destination, Item, Batch>,
): (destination: Destination, key: string, item: Item) => Promise<void> {
  const lanesOf = new WeakMap<Destination, Map<string, Lane<Batch>>>();

  return (destination, key, item) => {
    const lanes = lanesOf.get(destination) ?? new Map<string, Lane<Batch>>();
    lanesOf.set(destination, lanes);

    const send = (batch: Batch): Promise<void> =>
      batching.send(destination, batch).finally(() => {
        if (lanes.get(key)?.waiting === null) lanes.delete(key);
      });

    const lane = lanes.get(key);
    if (!lane) {
      const batch = batching.begin();
      batching.add(batch, item);
      const fresh: Lane<Batch> = { running: Promise.resolve(), waiting: null };
      lanes.set(key, fresh);
      fresh.running = send(batch);
      return fresh.running;
    }
    if (lane.waiting === null) {
      const batch = batching.begin();
      const next = () => {
        lane.waiting = null;
        lane.running = send(batch);
        return lane.running;
      };
      lane.waiting = { batch, sent: lane.running.then(next, next) };
    }
    batching.add(lane.waiting.batch, item);
    return lane.waiting.sent;
  };
}
