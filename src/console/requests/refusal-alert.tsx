import { Alert } from "@mantine/core";
import type { Refused } from "./refused";

/** Says what was refused, aloud to those who do not see it: an alert is read when it appears. */
export function RefusalAlert({ refused }: { refused: Refused | null }) {
  return (
    refused && (
      <Alert color="red" variant="outline">
        {refused.message}
      </Alert>
    )
  );
}
