import { Alert } from "@mantine/core";
import type { Refused } from "./refused";

/** Says what was refused, aloud to those who do not see it. What stands at an input is said there. */
export function RefusalAlert({ refused }: { refused: Refused | null }) {
  return (
    <div role="alert">
      {refused && (
        <Alert color="red" variant="outline" role="presentation">
          {refused.message}
        </Alert>
      )}
    </div>
  );
}
