import { Alert } from "@mantine/core";
import type { Refused } from "./refused";

/** Shows a refusal. Screen readers read it immediately, because it is an alert. */
export function RefusalAlert({ refused }: { refused: Refused | null }) {
  return (
    refused && (
      <Alert color="red" variant="outline">
        {refused.message}
      </Alert>
    )
  );
}
