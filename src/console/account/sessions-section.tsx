import { Badge, Button, Group, Table } from "@mantine/core";
import type { OwnSession } from "#src/features/account/contract";
import { api } from "../requests/api";
import { RefusalAlert } from "../requests/refusal-alert";
import { useRequest } from "../requests/use-request";
import { Moment } from "./moment";
import { Section } from "./section";

interface SessionsSectionProps {
  readonly sessions: readonly OwnSession[];
  readonly onChanged: () => Promise<void>;
  readonly onSignedOut: () => void;
}

/** The sessions of a person, with buttons to end them. */
export function SessionsSection({ sessions, onChanged, onSignedOut }: SessionsSectionProps) {
  const { isBusy, refused, run } = useRequest();
  const revoke = ({ sessionId, current }: OwnSession) =>
    run(async () => {
      await api.auth.sessions.revoke.mutate({ sessionId });
      if (current) onSignedOut();
      else await onChanged();
    });
  const revokeOthers = () =>
    run(async () => {
      await api.auth.sessions.revokeAll.mutate({ keepThis: true });
      await onChanged();
    });
  const revokeAll = () =>
    run(async () => {
      await api.auth.sessions.revokeAll.mutate({});
      onSignedOut();
    });
  return (
    <Section title="Sessions" about="Every browser that is signed in as you.">
      <RefusalAlert refused={refused} />
      <Table.ScrollContainer minWidth={600}>
        <Table aria-label="Sessions" verticalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Browser</Table.Th>
              <Table.Th>Address</Table.Th>
              <Table.Th>Signed in</Table.Th>
              <Table.Th>Last seen</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sessions.map((session) => (
              <Table.Tr key={session.sessionId}>
                <Table.Td>
                  {browserOf(session.userAgent)}{" "}
                  {session.current && (
                    <Badge color="teal.9" variant="filled">
                      This device
                    </Badge>
                  )}
                </Table.Td>
                <Table.Td>{session.ip ?? "unknown"}</Table.Td>
                <Table.Td>
                  <Moment at={session.createdAt} />
                </Table.Td>
                <Table.Td>
                  <Moment at={session.lastSeenAt} />
                </Table.Td>
                <Table.Td>
                  <Group justify="end">
                    <Button
                      size="xs"
                      variant="default"
                      loading={isBusy}
                      aria-label={
                        session.current
                          ? "Sign out of this session"
                          : `Sign out ${browserOf(session.userAgent)} at ${session.ip ?? "an unknown address"}`
                      }
                      onClick={() => void revoke(session)}
                    >
                      Sign out
                    </Button>
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Group>
        <Button variant="default" loading={isBusy} disabled={sessions.length < 2} onClick={() => void revokeOthers()}>
          Sign out other devices
        </Button>
        <Button variant="default" loading={isBusy} onClick={() => void revokeAll()}>
          Sign out everywhere
        </Button>
      </Group>
    </Section>
  );
}

const browsers = [
  [/Edg\//, "Edge"],
  [/Firefox\//, "Firefox"],
  [/Chrom(e|ium)\//, "Chrome"],
  [/Safari\//, "Safari"],
] as const;

const systems = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux|X11/, "Linux"],
] as const;

/** Returns the name of a browser. It is only a hint, because a browser can send any user agent. */
function browserOf(userAgent: string | null): string {
  if (userAgent === null) return "Unknown";
  const nameIn = (names: readonly (readonly [RegExp, string])[]) =>
    names.find(([pattern]) => pattern.test(userAgent))?.[1];
  const [browser, system] = [nameIn(browsers), nameIn(systems)];
  if (browser === undefined) return userAgent.slice(0, 60);
  return system === undefined ? browser : `${browser} on ${system}`;
}
