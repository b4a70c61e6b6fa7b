import { useCallback, useState } from "react";
import { asRefused, type RefusedRequest } from "./refused-request";

/** A request in three states: idle or done, in progress, refused. */
export interface RequestState {
  readonly isBusy: boolean;
  readonly refused: RefusedRequest | null;
  /** Runs a request and clears an earlier refusal. @returns whether it succeeded */
  run(request: () => Promise<void>): Promise<boolean>;
}

export function useRequest(): RequestState {
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<RefusedRequest | null>(null);
  const run = useCallback(async (request: () => Promise<void>) => {
    setBusy(true);
    setRefused(null);
    try {
      await request();
      return true;
    } catch (error) {
      setRefused(asRefused(error));
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  return { isBusy, refused, run };
}
