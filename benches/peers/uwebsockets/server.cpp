// Sends every message to every client, its sender too, through uWebSockets' publish/subscribe: what its own
// examples/BroadcastingEchoServer.cpp does, with one topic for all.

#include "App.h"

#include <iostream>

struct Nothing {};

int main() {
    uWS::App app;
    app.ws<Nothing>("/*", {
        .compression = uWS::DISABLED,
        .maxPayloadLength = 1024 * 1024,
        .idleTimeout = 0,      // a bench is silent where it wants
        .maxBackpressure = 0,  // without limit: no client is dropped, no message skipped
        .sendPingsAutomatically = false,
        .open = [](auto *ws) { ws->subscribe("lobby"); },
        .message = [&app](auto *, std::string_view message, uWS::OpCode code) {
            app.publish("lobby", message, code);
        },
    });
    app.listen("127.0.0.1", 0, [](us_listen_socket_t *listening) {
        if (listening) {
            int port = us_socket_local_port(0, reinterpret_cast<us_socket_t *>(listening));
            std::cout << "127.0.0.1:" << port << std::endl;
        }
    });
    app.run();
}
