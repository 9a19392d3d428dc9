"""What is held and what it earned: the ledger, profit and loss, accounts.

Stage after `orders/book` in the order walk (a booked fill becomes position and cash) and after `marketdata` in the tick
walk (a price becomes a mark). Pure folds over events: no clock, no IO, no guesses.
"""
