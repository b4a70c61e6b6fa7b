import { describe, expect, test } from "vitest";
import { unknownNames } from "#src/main/settings/environment";

const nearest = (name: string, value = "x") => unknownNames({ [name]: value }).map((unknown) => unknown.nearest);

describe("unknown names in the environment", () => {
  test.each([
    ["PORTCULLIS_DTA", "PORTCULLIS_DATA"],
    ["PORTCULLIS_PUBLIC_ULR", "PORTCULLIS_PUBLIC_URL"],
    ["PORTCULLIS_PUBLICURL", "PORTCULLIS_PUBLIC_URL"],
    ["portcullis_data", "PORTCULLIS_DATA"],
    ["PROTCULLIS_DATA", "PORTCULLIS_DATA"],
    ["PORTCULIS_SECRET", "PORTCULLIS_SECRET"],
    ["PORTCULLIS_SECRETS_FILE", "PORTCULLIS_SECRET_FILE"],
    ["PORTCULLIS_DATA_DIR", "PORTCULLIS_DATA"],
    ["PORTCULLIS_DATABASE_URL", "DATABASE_URL"],
    ["PORTCULLIS_HOST", "HOST"],
    ["PORTCULLIS_TRUSTED_PROXY", "PORTCULLIS_TRUSTED_PROXIES"],
  ])("the name %s is unknown, and %s is suggested", (name, suggestion) => {
    expect(nearest(name)).toEqual([suggestion]);
  });

  test("a name that resembles no setting is unknown without a suggestion", () => {
    expect(nearest("PORTCULLIS_FROBNICATION_LEVEL_OF_THINGS")).toEqual([null]);
  });

  test("every setting is known, and the _FILE form only of secret settings", () => {
    for (const name of ["PORT", "PORTCULLIS_DATA", "PORTCULLIS_SECRET_FILE", "DATABASE_URL_FILE"]) {
      expect(nearest(name)).toEqual([]);
    }
    expect(nearest("PORTCULLIS_DATA_FILE")).toEqual(["PORTCULLIS_DATA"]);
  });

  test.each([
    ["PORTCULLIS_SERVICE_HOST", "10.0.0.1"],
    ["PORTCULLIS_SERVICE_PORT", "3000"],
    ["PORTCULLIS_SERVICE_PORT_HTTP", "3000"],
    ["PORTCULLIS_PORT", "tcp://10.0.0.1:3000"],
    ["PORTCULLIS_PORT_3000_TCP", "tcp://10.0.0.1:3000"],
    ["PORTCULLIS_PORT_3000_TCP_PROTO", "tcp"],
    ["PORTCULLIS_PORT_3000_TCP_PORT", "3000"],
    ["PORTCULLIS_PORT_3000_TCP_ADDR", "10.0.0.1"],
    ["PORTCULLIS_GATEWAY_SERVICE_HOST", "10.0.0.1"],
    ["PORTCULLIS_GATEWAY_PORT", "tcp://10.0.0.1:8000"],
    ["PORTCULLIS_GATEWAY_PORT_8000_UDP_ADDR", "10.0.0.1"],
  ])("the name %s, which Kubernetes sets for a service, gives no warning", (name, value) => {
    expect(nearest(name, value)).toEqual([]);
  });

  test("PORTCULLIS_PORT with a number is unknown, and PORT is suggested", () => {
    expect(nearest("PORTCULLIS_PORT", "8080")).toEqual(["PORT"]);
  });

  test.each(["PATH", "PORT_X", "PORTAL_URL", "PORTER_HOME", "DATABASE_URI", "POSTGRES_DB", ""])(
    "the name %s of another program gives no warning",
    (name) => {
      expect(nearest(name)).toEqual([]);
    },
  );
});
