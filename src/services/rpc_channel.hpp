// A way to a gRPC server, for those who do not see gRPC's headers.
#pragma once

#include <memory>

namespace grpc {
class Channel;
}

namespace ats::services {

struct RpcChannel {
  std::shared_ptr<grpc::Channel> grpc;
};

}  // namespace ats::services
