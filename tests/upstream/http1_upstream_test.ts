/** The client of our own, held to what every way to the upstream does. */
import { http1Upstream } from "../../src/upstream/http1_upstream.ts";
import { describeConnections } from "./upstream_connections.ts";
import { describeExchanges } from "./upstream_exchanges.ts";
import { describeFailures } from "./upstream_failures.ts";
import type { MakeUpstream } from "./upstream_fixture.ts";

const make: MakeUpstream = (url, limits) => http1Upstream({ url, ...limits });

describeExchanges("http1Upstream", make);
describeFailures("http1Upstream", make);
describeConnections("http1Upstream", make);
