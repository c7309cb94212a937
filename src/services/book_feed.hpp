// Market events into books: what a recorder and a scan do alike, as the engine does it.
#pragma once

#include "core/books/book_set.hpp"
#include "domain/event.hpp"

namespace ats::services {

// `venue` is the event's. Events that say nothing of a book are a sign of life of the venue; those of the
// trading channel are ignored.
void feed_books(core::BookSet& books, VenueId venue, const Event& event, Instant now, Actions& out);

// Of a market event; invalid for another.
VenueId venue_of(const Event& event, const Universe& universe);

// The instrument whose book is asked for: RequestSnapshot, Resubscribe or RequestImage; invalid for another action.
InstrumentId book_asked_for(const Action& action);

}  // namespace ats::services
