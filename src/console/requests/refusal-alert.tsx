import { Alert } from "@mantine/core";
import type { RefusedRequest } from "./refused-request";

/** Shows a refusal. Screen readers read it immediately, because it is an alert. */
export function RefusalAlert({ refused }: { refused: RefusedRequest | null }) {
  return (
    refused && (
      <Alert color="red" variant="outline">
        {refused.message}
      </Alert>
    )
  );
}
