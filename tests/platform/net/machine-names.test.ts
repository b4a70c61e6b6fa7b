import { expect, test } from "vitest";
import { machineNames } from "#src/platform/net/machine-names";

test("the names of a machine include its host name in lower case, with and without a domain", () => {
  expect(machineNames("Box.Example.ORG", "", [])).toEqual(["box", "box.example.org", "box.local", "box.localdomain"]);
  expect(machineNames("Adas-Mac.local", "", [])).toEqual(["adas-mac", "adas-mac.local", "adas-mac.localdomain"]);
  expect(machineNames("", "", [])).toEqual([]);
});

test("the hosts file adds only names of loopback and of the machine's own addresses", () => {
  const hosts = [
    "127.0.0.1\tlocalhost",
    "127.0.1.1  box.lan. Box # as Debian writes it",
    "::1 ip6-localhost ip6-loopback",
    "10.1.2.3 intranet.example.org",
    "2001:DB8::0007 six.example.org\r",
    "10.1.2.4 other.example.org",
    "0.0.0.0 advertisements.example.org",
    "# 127.0.0.1 commented.example.org",
    "nonsense",
    "",
  ].join("\n");
  expect(machineNames("box", hosts, ["10.1.2.3", "2001:db8::7"])).toEqual([
    "box",
    "box.lan",
    "box.local",
    "box.localdomain",
    "intranet.example.org",
    "ip6-localhost",
    "ip6-loopback",
    "localhost",
    "six.example.org",
  ]);
});
