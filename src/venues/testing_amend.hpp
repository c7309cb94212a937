// Tests only: a client alone, with what it says and sends, and an order that stands and is to be amended.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "domain/testing_approved.hpp"
#include "venues/client.hpp"

namespace ats::venues {

struct LoneClient : EventSink, Outbox {
  virtual ~LoneClient() = default;
  void on(const Event& event) override { events.push_back(event); }
  void send_text(Channel channel, std::string_view frame) override {
    if (channel == Channel::Trading) trading.emplace_back(frame);
  }
  void send_rest(RestTag tag, const HttpRequest& request, Duration) override {
    tags.push_back(tag);
    rest.push_back(request);
  }
  void reconnect(Channel, std::string_view) override {}

  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const Event& event : events) {
      if (const T* e = std::get_if<T>(&event)) found.push_back(*e);
    }
    return found;
  }
  Now now() const { return {Instant{} + elapsed, WallTime{1'700'000'000'000'000'000} + elapsed}; }
  void hear(const std::string& frame) {
    outcome = client->on_text(Channel::Trading, frame, now(), *this, *this);
  }
  void pass(Duration time) {
    elapsed = elapsed + time;
    client->on_timer(now(), *this, *this);
  }
  // The newest REST request is answered.
  void answer(const std::string& body, int status = 200) {
    HttpResponse response;
    response.status = status;
    response.body = body;
    client->on_response(tags.back(), response, now(), *this, *this);
  }
  SendOutcome amend(const OrderRequest& order, const OrderTerms& terms, std::string_view id) {
    OrderRequest wanted = order;
    wanted.price = terms.price;
    wanted.quantity = terms.quantity;
    return client->amend(approved_amend(wanted, terms_of(order), id), now(), *this);
  }

  std::unique_ptr<Client> client;
  std::vector<Event> events;
  std::vector<std::string> trading;
  std::vector<HttpRequest> rest;
  std::vector<RestTag> tags;
  Duration elapsed;
  FrameOutcome outcome = FrameOutcome::Ignored;
};

}  // namespace ats::venues
