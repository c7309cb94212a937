// The letters between an engine and the risk role as messages of ats.v1 (proto/ats/v1/risk.proto), both ways. Only what
// speaks gRPC includes this.
#pragma once

#include <ats/v1/risk.pb.h>

#include "base/result.hpp"
#include "services/lease_letters.hpp"

namespace ats::services {

void fill(v1::LeaseRequest& out, const LeaseQuestion& question);
void fill(v1::LeaseResponse& out, const LeaseAnswer& answer);

// Everything is looked at before anything is taken: the error names the field. Of an answer the engine's name is empty.
Result<LeaseQuestion, std::string> question_of(const v1::LeaseRequest& message);
Result<LeaseAnswer, std::string> answer_of(const v1::LeaseResponse& message);

}  // namespace ats::services
