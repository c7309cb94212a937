// The state of a venue's whole trading system, which holds for each of its instruments while it is not
// Trading. Back in Trading each instrument has the status it had before, unless the venue has told another
// one meanwhile: the universe may have taken over what was told of the halt.
#pragma once

#include <vector>

#include "domain/event.hpp"
#include "domain/instrument.hpp"

namespace ats::venues {

class SystemStatus {
 public:
  // Tells the sink of every instrument of the venue when the status is another than before.
  void tell(InstrumentStatus status, VenueId venue, const Universe& universe, EventSink& sink) {
    if (status == status_) return;
    const InstrumentStatus before = status_;
    status_ = status;
    if (before == InstrumentStatus::Trading) own_.assign(universe.instruments().size(), before);
    for (const Instrument& known : universe.instruments()) {
      if (known.venue != venue) continue;
      Instrument changed = known;
      if (before == InstrumentStatus::Trading) own_[known.id.index()] = known.status;
      if (status != InstrumentStatus::Trading) {
        changed.status = status;
      } else if (known.status == before && known.id.index() < own_.size()) {
        changed.status = own_[known.id.index()];
      }
      sink.on(InstrumentChanged{changed});
    }
  }

 private:
  InstrumentStatus status_ = InstrumentStatus::Trading;
  std::vector<InstrumentStatus> own_;  // by instrument, from before the halt
};

}  // namespace ats::venues
