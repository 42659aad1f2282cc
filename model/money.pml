/* One milestone with 2 units of held money, and one withdrawal of what it brings.

   Each guard of the code is a switch. `make model` proves the properties below with all guards on,
   and demands a counter-example for each guard that is taken away: a model that cannot fail proves
   nothing. tests/meta/test_model.py reads every move from the statements below, and compares them
   with the transition tables of the code.

   -DLOCK=0    states are read before the lock and not again under it
   -DKEY=0     the provider forgets which keys it has paid
   -DNEWKEY=1  each attempt has a key of its own
   -DTIMEOUT_FAILS=1  no answer is taken for a refusal
   -DLEASE=0 -DSTICKY=0  two workers at once, and a refusal that the provider forgets */
#ifndef LOCK
#define LOCK 1
#endif
#ifndef KEY
#define KEY 1
#endif
#ifndef NEWKEY
#define NEWKEY 0
#endif
#ifndef TIMEOUT_FAILS
#define TIMEOUT_FAILS 0
#endif
#ifndef LEASE
#define LEASE 1
#endif
#ifndef STICKY
#define STICKY 1
#endif

mtype = { in_review, approved, settled, cancelled };
mtype = { none, requested, sending, uncertain, paid, returned };
mtype = { lost, done, refused };

mtype milestone = in_review;
mtype withdrawal = none;
byte held = 2, available = 0, reserved = 0, credit = 0, outside = 0;
byte settlements = 0, provider_paid = 0, attempt = 0, webhooks = 0, crashes = 0;
bool key_paid[3], key_refused[3], leased = false;

/* The commissioner, or silence. */
proctype Approver() {
#if LOCK
  atomic { if :: milestone == in_review -> milestone = approved :: else -> skip fi }
#else
  mtype seen;
  seen = milestone;
  if :: seen == in_review -> milestone = approved :: else -> skip fi
#endif
}

/* The settlement's job, delivered twice. */
proctype Settler() {
#if LOCK
  atomic {
    if
    :: milestone == approved ->
       milestone = settled; held = held - 2; available = available + 2; settlements++
    :: else -> skip
    fi
  }
#else
  mtype seen;
  seen = milestone;
  if
  :: seen == approved ->
     atomic {
       milestone = settled;
       if :: held >= 2 -> held = held - 2 :: else -> skip fi;
       available = available + 2; settlements++
     }
  :: else -> skip
  fi
#endif
}

/* The freelancer gives held money back. */
proctype Refunder() {
#if LOCK
  atomic {
    if
    :: milestone == in_review -> milestone = cancelled; held = held - 2; credit = credit + 2
    :: else -> skip
    fi
  }
#else
  mtype seen;
  seen = milestone;
  if
  :: seen == in_review ->
     atomic {
       milestone = cancelled;
       if :: held >= 2 -> held = held - 2 :: else -> skip fi;
       credit = credit + 2
     }
  :: else -> skip
  fi
#endif
}

/* A request only reserves: the money stays in the wallet until it is paid. */
proctype Requester() {
  byte n = 0;
  do
  :: n < 2 ->
     atomic {
       if
       :: withdrawal == none && available - reserved >= 2 ->
          reserved = reserved + 2; withdrawal = requested
       :: else -> skip
       fi;
       n++
     }
  :: n >= 2 -> break
  od
}

/* The limit, or staff. */
proctype Releaser() {
  atomic { if :: withdrawal == requested -> withdrawal = approved :: else -> skip fi }
}

/* The user before it is sent. */
proctype Canceller() {
#if LOCK
  atomic {
    if
    :: withdrawal == requested || withdrawal == approved ->
       withdrawal = cancelled; reserved = reserved - 2
    :: else -> skip
    fi
  }
#else
  mtype seen;
  seen = withdrawal;
  if
  :: seen == requested || seen == approved ->
     atomic {
       withdrawal = cancelled;
       if :: reserved >= 2 -> reserved = reserved - 2 :: else -> skip fi
     }
  :: else -> skip
  fi
#endif
}

inline pay_out() {
  if
  :: withdrawal == sending || withdrawal == uncertain ->
     withdrawal = paid;
     available = available - 2; reserved = reserved - 2; outside = outside + 2
  :: else -> skip
  fi
}

inline give_back() {
  if
  :: withdrawal == sending || withdrawal == uncertain ->
     withdrawal = returned; reserved = reserved - 2
  :: else -> skip
  fi
}

/* Claim, ask the provider outside any transaction, settle. Requests and answers get lost, and one
   worker dies after asking. */
proctype Worker() {
  byte key = 0, tries = 0;
  bool mine;
  mtype answer;
  do
  :: tries >= 2 -> break
  :: tries < 2 ->
     tries++; mine = false; answer = lost;
     atomic {
       if
       :: ((withdrawal == approved || withdrawal == sending || withdrawal == uncertain)
           && !(LEASE && leased)) ->
          mine = true; leased = true;
          if :: withdrawal == approved -> withdrawal = sending :: else -> skip fi;
          if
          :: NEWKEY -> key = attempt; if :: attempt < 2 -> attempt++ :: else -> skip fi
          :: else -> key = 0
          fi
       :: else -> skip
       fi
     };
     if
     :: mine ->
        if
        :: atomic {
             if
             :: (KEY && key_paid[key]) -> answer = done
             :: (STICKY && key_refused[key]) -> answer = refused
             :: (!(KEY && key_paid[key]) && !(STICKY && key_refused[key])) ->
                if
                :: key_paid[key] = true; provider_paid = provider_paid + 2; answer = done;
                   if :: webhooks < 2 -> webhooks++ :: else -> skip fi
                :: key_refused[key] = true; answer = refused
                fi
             fi
           };
           if :: skip :: answer = lost fi
        :: skip
        fi;
        if
        :: crashes < 1 -> atomic { crashes++; leased = false }
        :: atomic {
             if
             :: answer == done -> pay_out()
             :: answer == refused -> give_back()
             :: answer == lost ->
                if
                :: TIMEOUT_FAILS -> give_back()
                :: else -> if :: withdrawal == sending -> withdrawal = uncertain :: else -> skip fi
                fi
             fi;
             leased = false
           }
        fi
     :: else -> skip
     fi
  od
}

/* The provider tells of a payment, sometimes not at all, sometimes twice. */
proctype Webhook() {
  byte n = 0;
  do
  :: n < 2 ->
     n++;
     atomic {
       if :: webhooks > 0 -> if :: webhooks-- :: skip fi; pay_out() :: else -> skip fi
     }
  :: n >= 2 -> break
  od
}

init {
  atomic {
    run Approver(); run Settler(); run Settler(); run Refunder();
    run Requester(); run Releaser(); run Canceller(); run Worker(); run Worker(); run Webhook()
  }
}

ltl conservation { [] (held + available + credit + outside == 2) }
ltl covered { [] (reserved <= available) }
ltl settled_once { [] (settlements <= 1) }
ltl settled_or_refunded { [] !(credit > 0 && settlements > 0) }
ltl paid_once { [] (provider_paid <= 2) }
ltl nothing_given_away { [] !(provider_paid > 0 && (withdrawal == returned || withdrawal == cancelled)) }
