/** Whose address counts, and which networks hold it. */
import assert from "node:assert/strict";
import { clientAddress, compileCidrs, plainAddress } from "../../src/gate/client_address.ts";

const trusted = compileCidrs(["10.0.0.0/8", "fd00::/8"]);

const ADDRESSES = [
  { name: "the peer where nothing is forwarded", peer: "10.0.0.1", header: null, is: "10.0.0.1" },
  { name: "the peer where it is no proxy", peer: "192.0.2.1", header: "1.1.1.1", is: "192.0.2.1" },
  { name: "what a proxy names", peer: "10.0.0.1", header: "192.0.2.7", is: "192.0.2.7" },
  {
    name: "the rightmost that is no proxy",
    peer: "10.0.0.1",
    header: "6.6.6.6, 192.0.2.7, 10.1.1.1",
    is: "192.0.2.7",
  },
  {
    name: "not what a client put in front",
    peer: "10.0.0.1",
    header: "10.9.9.9, 192.0.2.7",
    is: "192.0.2.7",
  },
  {
    name: "the leftmost of proxies only",
    peer: "10.0.0.1",
    header: "10.3.3.3,10.2.2.2",
    is: "10.3.3.3",
  },
  { name: "the last proxy before rubbish", peer: "10.0.0.1", header: "1.1.1.1, x", is: "10.0.0.1" },
  {
    name: "the last proxy before rubbish in the middle",
    peer: "10.0.0.1",
    header: "1.1.1.1, unknown, 10.2.2.2",
    is: "10.2.2.2",
  },
  { name: "the proxy where the header is empty", peer: "10.0.0.1", header: "", is: "10.0.0.1" },
  {
    name: "an address without its port",
    peer: "10.0.0.1",
    header: "192.0.2.7:555",
    is: "192.0.2.7",
  },
  { name: "IPv6", peer: "fd00::1", header: "2001:DB8::1", is: "2001:db8::1" },
  { name: "IPv6 in brackets", peer: "fd00::1", header: "[2001:db8::1]:99", is: "2001:db8::1" },
  { name: "a wrapped proxy", peer: "::ffff:10.0.0.1", header: "192.0.2.7", is: "192.0.2.7" },
  { name: "a wrapped peer, unwrapped", peer: "::ffff:192.0.2.1", header: null, is: "192.0.2.1" },
  { name: "a wrapped client", peer: "10.0.0.1", header: "::FFFF:192.0.2.7", is: "192.0.2.7" },
];
for (const { name, peer, header, is } of ADDRESSES) {
  Deno.test(`clientAddress gives ${name}`, () => {
    assert.equal(clientAddress(peer, header, trusted), is);
  });
}

Deno.test("clientAddress believes nobody where no proxy is configured", () => {
  assert.equal(clientAddress("10.0.0.1", "192.0.2.7", compileCidrs([])), "10.0.0.1");
});

Deno.test("plainAddress leaves everything but wrapped IPv4 alone", () => {
  for (const address of ["127.0.0.1", "::1", "fe80::ffff:1.2.3.4", "::ffff:1.2.3", ""]) {
    assert.equal(plainAddress(address), address);
  }
});

const NETWORKS = [
  { cidr: "10.0.0.0/8", holds: ["10.0.0.0", "10.255.255.255"], not: ["11.0.0.0", "9.255.255.255"] },
  { cidr: "192.0.2.128/25", holds: ["192.0.2.128", "192.0.2.255"], not: ["192.0.2.127"] },
  { cidr: "192.0.2.4/30", holds: ["192.0.2.4", "192.0.2.7"], not: ["192.0.2.3", "192.0.2.8"] },
  { cidr: "192.0.2.77/25", holds: ["192.0.2.1"], not: ["192.0.2.129"] },
  { cidr: "192.0.2.1", holds: ["192.0.2.1", "::ffff:192.0.2.1"], not: ["192.0.2.2"] },
  { cidr: "0.0.0.0/0", holds: ["1.2.3.4"], not: ["::1", "2001:db8::1"] },
  { cidr: "::/0", holds: ["::1", "2001:db8::1"], not: ["1.2.3.4"] },
  { cidr: "::1", holds: ["::1", "0:0:0:0:0:0:0:1", "0::1"], not: ["::2", "::"] },
  { cidr: "2001:db8::/33", holds: ["2001:db8:7fff::"], not: ["2001:db8:8000::", "2001:db9::"] },
  { cidr: "fe80::/10", holds: ["fe80::1", "febf::"], not: ["fec0::"] },
  { cidr: "::ffff:10.0.0.0/104", holds: ["10.1.2.3", "::ffff:10.1.2.3"], not: ["11.0.0.0"] },
  { cidr: "64:ff9b::1.2.3.4/128", holds: ["64:ff9b::102:304"], not: ["64:ff9b::102:305"] },
];
for (const { cidr, holds, not } of NETWORKS) {
  Deno.test(`compileCidrs knows what ${cidr} holds`, () => {
    const matches = compileCidrs([cidr]);
    for (const address of holds) assert.equal(matches(address), true, address);
    for (const address of not) assert.equal(matches(address), false, address);
  });
}

Deno.test("compileCidrs matches nothing that is no address", () => {
  const matches = compileCidrs(["0.0.0.0/0", "::/0"]);
  const odd = ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "0x1.2.3.4", "a"];
  const odd6 = [":", ":::", "1::2::3", "12345::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1%eth0"];
  const nearly6 = [
    "1:2:3:4:5:6:7:8::",
    "::1.2.3.4:5",
    "g::",
    "1:2:3:4:5:6:7:1.2.3.4",
    ":1:2:3:4:5:6:7",
  ];
  for (const text of [...odd, ...odd6, ...nearly6]) assert.equal(matches(text), false, text);
});

Deno.test("compileCidrs refuses what is no network", () => {
  for (
    const cidr of [
      "",
      "10.0.0.0/33",
      "::/129",
      "10.0.0.0/",
      "10.0.0.0/a",
      "x/8",
      "::ffff:1.2.3.4/95",
    ]
  ) {
    assert.throws(() => compileCidrs([cidr]), TypeError, cidr);
  }
});
