/** The listener, held to what every listener does, over both of what may carry it. */
import { describeEndings } from "./listener_endings.ts";
import { CARRIERS } from "./listener_fixture.ts";
import { describeReplies } from "./listener_replies.ts";
import { describeRequests } from "./listener_requests.ts";

for (const { over, listen } of CARRIERS) {
  describeRequests(over, listen);
  describeReplies(over, listen);
  describeEndings(over, listen);
}
